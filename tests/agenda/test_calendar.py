"""The events that go into other agendas: the person's own, and the feed that an agent subscribes to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from icalendar.cal import Component

from rdv_insertion.agenda.calendar import (
    Method,
    agent_event_file,
    event_file,
    feed_of,
    place_for_agents,
    version_of,
)
from rdv_insertion.agenda.creneaux import offers
from rdv_insertion.agenda.enums import CANCELLED
from rdv_insertion.agenda.models import FormerRdvAgent, Participation, Rdv, RdvAgent
from rdv_insertion.agenda.presentation import title_of, visio_url
from rdv_insertion.agenda.services import cancel, move
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import Wording
from rdv_insertion.territory.models import Organisation
from tests.factories import (
    AgentFactory,
    AgentRoleFactory,
    LieuFactory,
    MotifCategoryFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db

STARTS = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOW = STARTS - timedelta(hours=48)


def events(text: str) -> list[Component]:
    return Calendar.from_ical(text).walk("VEVENT")


def event(participation: Participation) -> Component:
    fresh = Participation.objects.with_details().get(pk=participation.pk)
    (found,) = events(written_for(fresh))
    return found


def written_for(participation: Participation) -> str:
    return event_file(participation, title=title_of(participation.rdv), now=NOW)


# --- The person's own event ---


def test_the_event_says_when_and_where_and_nothing_of_the_person() -> None:
    lieu = LieuFactory(name="Maison de l'emploi", address="1 rue Neuve, 26000 Valence")
    participation = ParticipationFactory(rdv__starts_at=STARTS, rdv__lieu=lieu)
    found = event(participation)
    assert found.decoded("dtstart") == STARTS
    assert found.decoded("dtend") == STARTS + timedelta(minutes=30)
    assert str(found["location"]) == "Maison de l'emploi, 1 rue Neuve, 26000 Valence"
    assert str(found["summary"]) == "Rendez-vous d'orientation"
    assert str(found["status"]) == "CONFIRMED"
    assert str(found["url"]).endswith(f"/rdv/{participation.code}")
    written = written_for(Participation.objects.with_details().get())
    for secret in (participation.usager.last_name, participation.usager.first_name, participation.usager.nir):
        assert secret not in written


def test_the_event_keeps_its_uid_and_grows_its_version_through_moves_and_cancelling() -> None:
    participation = ParticipationFactory(rdv__starts_at=STARTS, created_at=NOW - timedelta(days=5))
    rdv = participation.rdv
    PlageOuvertureFactory(
        motif=rdv.motif,
        lieu=rdv.lieu,
        agent=rdv.agents.get(),
        first_day=STARTS.date(),
        recurrence="FREQ=WEEKLY",
    )
    seen = [event(participation)]
    offer = offers([rdv.motif])[0]
    now = STARTS - timedelta(days=4)
    move(participation=participation, offer=offer, starts_at=STARTS + timedelta(hours=1), now=now)
    seen.append(event(participation))
    cancel(participation=participation, now=now)
    seen.append(event(participation))
    assert len({str(one["uid"]) for one in seen}) == 1
    assert [int(one["sequence"]) for one in seen] == [0, 1, 2]
    assert [str(one["status"]) for one in seen] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert seen[1].decoded("dtstart") == STARTS + timedelta(hours=1)


def test_a_person_is_published_an_event_that_asks_for_no_answer() -> None:
    calendar = Calendar.from_ical(written_for(ParticipationFactory()))
    assert str(calendar["method"]) == "PUBLISH"
    assert "ATTENDEE" not in calendar.walk("VEVENT")[0]


def test_a_motif_that_stands_for_the_title_keeps_its_capitals() -> None:
    participation = ParticipationFactory(rdv__motif__name="Atelier CV", rdv__motif__motif_category=None)
    assert str(event(participation)["summary"]) == "Atelier CV"


def test_the_event_is_called_as_the_organisation_calls_it() -> None:
    participation = ParticipationFactory(rdv__motif__motif_category=MotifCategoryFactory())
    Wording.objects.create(
        organisation=participation.rdv.organisation,
        motif_category=participation.rdv.motif.motif_category,
        version=1,
        rdv_title="premier accueil",
        created_at=NOW,
    )
    assert str(event(participation)["summary"]) == "Premier accueil"


@pytest.mark.parametrize(
    ("kind", "where"), [("phone", "By phone"), ("visio", "By video call"), ("home", "We will come to your")]
)
def test_the_event_is_in_the_language_of_the_person(kind: str, where: str) -> None:
    participation = ParticipationFactory(
        rdv__motif__location_type=kind,
        rdv__motif__motif_category=MotifCategoryFactory(rdv_title_by_phone="rendez-vous d'orientation"),
        rdv__lieu=None,
        follow_up__usager__language="en",
    )
    found = event(participation)
    assert "rendez-vous" not in str(found["summary"]).lower()
    assert str(found["location"]).startswith(where)


# --- The feed of an agent ---


@pytest.fixture
def motif(organisation: Organisation):
    return MotifFactory(organisation=organisation, name="RSA orientation")


def feed(agent: Agent, now: datetime = NOW) -> list[Component]:
    return events(feed_of(agent, now=now))


def a_rdv(motif, agent: Agent, **values) -> Rdv:
    return RdvFactory(motif=motif, agents=[agent], **({"starts_at": STARTS} | values))


def test_an_event_of_the_feed_says_what_when_where_and_where_to_see_it(motif, agent: Agent) -> None:
    lieu = LieuFactory(name="Maison de l'emploi", address="1 rue Neuve, 26000 Valence")
    rdv = a_rdv(motif, agent, lieu=lieu, sequence=3)
    (found,) = feed(agent)
    assert str(found["uid"]) == f"{rdv.uuid}@rdv-insertion"
    assert str(found["summary"]) == "RSA orientation"
    assert (found.decoded("dtstart"), found.decoded("dtend")) == (STARTS, STARTS + timedelta(minutes=30))
    assert str(found["location"]) == "Maison de l'emploi, 1 rue Neuve, 26000 Valence"
    assert str(found["url"]).endswith(f"/rdvs/{rdv.pk}/")
    assert str(found["url"]) in str(found["description"])
    assert int(found["sequence"]) == 3
    assert str(found["status"]) == "CONFIRMED"
    assert found.decoded("dtstamp") == NOW
    assert found.decoded("last-modified") == max(rdv.created_at, rdv.scheduled_at)


def test_moments_are_written_in_utc_that_every_program_reads(motif, agent: Agent) -> None:
    a_rdv(motif, agent, lieu=LieuFactory(reunion=True))
    text = feed_of(agent, now=NOW)
    assert "DTSTART:20260302T080000Z" in text
    assert "TZID" not in text


def test_the_feed_names_itself_and_says_how_often_to_read_it(agent: Agent) -> None:
    text = feed_of(agent, now=NOW)
    calendar = Calendar.from_ical(text)
    assert "rendez-vous" in str(calendar["x-wr-calname"])
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M" in text
    assert "X-PUBLISHED-TTL:PT15M" in text
    assert str(calendar["method"]) == "PUBLISH"
    assert str(calendar["version"]) == "2.0"


def test_no_line_of_a_feed_is_longer_than_programs_accept(motif, agent: Agent) -> None:
    motif.name = "Rendez-vous d'élaboration, é" * 4
    motif.save()
    a_rdv(motif, agent)
    text = feed_of(agent, now=NOW)
    assert text.count("\n") == text.count("\r\n")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_nothing_of_a_person_is_in_the_feed(motif, agent: Agent) -> None:
    rdv = a_rdv(motif, agent, context="Marina attend un enfant", name="Marina")
    usager = ParticipationFactory(rdv=rdv, follow_up__usager__first_name="Marina").usager
    text = feed_of(agent, now=NOW)
    for secret in ("Marina", usager.last_name, usager.nir, usager.phone_number, usager.email):
        assert secret not in text


def test_a_cancelled_rdv_stays_said_to_be_cancelled_and_takes_no_time(motif, agent: Agent) -> None:
    a_rdv(motif, agent, status="revoked", cancelled_at=NOW, sequence=2)
    (found,) = feed(agent)
    assert str(found["status"]) == "CANCELLED"
    assert str(found["summary"]) == "Annulé : RSA orientation"
    assert str(found["transp"]) == "TRANSPARENT"
    assert int(found["sequence"]) == 2


def test_a_rdv_given_to_somebody_else_is_cancelled_in_the_former_agents_feed_only(
    motif, agent: Agent, admin: Agent
) -> None:
    rdv = a_rdv(motif, admin, sequence=5)
    FormerRdvAgent.objects.create(rdv=rdv, agent=agent, sequence=3, removed_at=NOW)
    (mine,), (theirs,) = feed(agent), feed(admin)
    assert str(mine["uid"]) == str(theirs["uid"])
    assert (str(mine["status"]), int(mine["sequence"])) == ("CANCELLED", 3)
    assert (str(theirs["status"]), int(theirs["sequence"])) == ("CONFIRMED", 5)


def test_a_rdv_given_back_is_in_the_feed_once(motif, agent: Agent) -> None:
    rdv = a_rdv(motif, agent, sequence=5)
    FormerRdvAgent.objects.create(rdv=rdv, agent=agent, sequence=3, removed_at=NOW)
    (found,) = feed(agent)
    assert (str(found["status"]), int(found["sequence"])) == ("CONFIRMED", 5)


def test_the_feed_goes_a_month_back_and_has_no_end(motif, agent: Agent) -> None:
    for days in (-32, -31, -1, 400):
        a_rdv(motif, agent, starts_at=NOW + timedelta(days=days))
    starts = [found.decoded("dtstart") for found in feed(agent)]
    assert starts == [NOW + timedelta(days=days) for days in (-31, -1, 400)]


def test_the_feed_holds_the_rdvs_of_all_ones_organisations_and_of_nobody_else(
    motif, agent: Agent, admin: Agent
) -> None:
    elsewhere = AgentRoleFactory(agent=agent).organisation
    left = OrganisationFactory()
    a_rdv(motif, admin)
    mine = [
        a_rdv(motif, agent),
        a_rdv(MotifFactory(organisation=elsewhere), agent, starts_at=STARTS + timedelta(hours=1)),
    ]
    a_rdv(MotifFactory(organisation=left), agent, starts_at=STARTS + timedelta(hours=2))
    assert [str(found["uid"]) for found in feed(agent)] == [f"{rdv.uuid}@rdv-insertion" for rdv in mine]


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"max_participants_count": 12, "seats_taken": 5}, "Atelier CV (5/12)"),
        ({"max_participants_count": None, "seats_taken": 1}, "Atelier CV (1 inscrit)"),
    ],
)
def test_a_collective_rdv_says_how_full_it_is(
    organisation: Organisation, agent: Agent, values, title
) -> None:
    a_rdv(MotifFactory(organisation=organisation, collectif=True, name="Atelier CV"), agent, **values)
    assert str(feed(agent)[0]["summary"]) == title


def test_a_rdv_without_a_place_says_how_people_are_met(organisation: Organisation, agent: Agent) -> None:
    rdv = a_rdv(MotifFactory(organisation=organisation, by_phone=True), agent)
    assert place_for_agents(rdv) == "Par téléphone"
    assert str(feed(agent)[0]["location"]) == "Par téléphone"


def test_a_visio_gives_its_room(organisation: Organisation, agent: Agent) -> None:
    rdv = a_rdv(MotifFactory(organisation=organisation, location_type="visio"), agent)
    assert str(feed(agent)[0]["location"]) == f"En visioconférence : {visio_url(rdv)}"


def test_two_feeds_that_say_the_same_have_the_same_version(motif, agent: Agent) -> None:
    rdv = a_rdv(motif, agent)
    first = version_of(feed_of(agent, now=NOW))
    assert version_of(feed_of(agent, now=NOW + timedelta(minutes=15))) == first
    Rdv.objects.filter(pk=rdv.pk).update(sequence=1)
    assert version_of(feed_of(agent, now=NOW)) != first


def test_a_feed_costs_two_queries_whatever_its_length(
    motif, agent: Agent, admin: Agent, django_assert_num_queries
):
    for count in (2, 20):
        for number in range(count):
            a_rdv(motif, agent, starts_at=STARTS + timedelta(days=count, hours=number))
            gone = a_rdv(motif, admin, starts_at=STARTS + timedelta(days=count, hours=number))
            FormerRdvAgent.objects.create(rdv=gone, agent=agent, sequence=1, removed_at=NOW)
        with django_assert_num_queries(2):
            feed_of(agent, now=NOW)


# --- What an agenda that replaces by UID and SEQUENCE ends with ---

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["move", "cancel", "restore", "give", "take back"]), st.integers(0, 23), st.booleans()
    ),
    max_size=8,
)


class SubscribedAgenda:
    """What a program keeps that replaces an event only by a higher version of the same UID."""

    def __init__(self) -> None:
        self.kept: dict[str, Component] = {}

    def read(self, text: str) -> None:
        for found in events(text):
            known = self.kept.get(str(found["uid"]))
            if known is None or int(found["sequence"]) > int(known["sequence"]):
                self.kept[str(found["uid"])] = found


def change(rdv: Rdv, agents: list[Agent], what: str, hour: int) -> None:
    """Change the rows as the services do: the version grows, who loses the rdv is remembered."""
    rdv.sequence += 1
    if what == "move":
        rdv.starts_at = STARTS + timedelta(hours=hour)
        rdv.ends_at = rdv.starts_at + timedelta(minutes=30)
    elif what in ("cancel", "restore"):
        cancelled = what == "cancel"
        rdv.status = ParticipationStatus.EXCUSED if cancelled else ParticipationStatus.UNKNOWN
        rdv.cancelled_at = NOW if cancelled else None
    else:
        receiver, giver = (agents[1], agents[0]) if what == "give" else agents
        RdvAgent.objects.filter(rdv=rdv).update(agent=receiver)
        FormerRdvAgent.objects.filter(rdv=rdv, agent=receiver).delete()
        FormerRdvAgent.objects.update_or_create(
            rdv=rdv, agent=giver, defaults={"sequence": rdv.sequence, "removed_at": NOW}
        )
    rdv.save()


@given(changes=CHANGES)
def test_whatever_is_changed_the_agenda_ends_with_the_state_of_the_rdv(
    changes, organisation: Organisation
) -> None:
    agents = [AgentFactory(organisation=organisation) for _ in range(2)]
    rdv = a_rdv(MotifFactory(organisation=organisation), agents[0])
    agendas = [SubscribedAgenda(), SubscribedAgenda()]
    for what, hour, read in [*changes, ("restore", 0, True)]:
        change(rdv, agents, what, hour)
        for agent, agenda in zip(agents, agendas, strict=True):
            if read:
                agenda.read(feed_of(agent, now=NOW))
    holder = rdv.agents.get()
    for agent, agenda in zip(agents, agendas, strict=True):
        found = agenda.kept.get(f"{rdv.uuid}@rdv-insertion")
        if agent == holder:
            assert found is not None
            assert found.decoded("dtstart") == rdv.starts_at
            assert (str(found["status"]) == "CANCELLED") is (rdv.status in CANCELLED)
        else:
            assert found is None or str(found["status"]) == "CANCELLED"


# --- The event of a mail to agents ---


def asked(rdv: Rdv, *agents: Agent, method: Method = Method.REQUEST) -> Calendar:
    text = agent_event_file(rdv, method=method, attendees=agents, sequence=4, now=NOW)
    return Calendar.from_ical(text)


def test_a_request_names_who_organises_and_who_is_asked(motif, agent: Agent, admin: Agent, settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Rendez-vous <rdv@drome.test>"
    calendar = asked(a_rdv(motif, agent), agent, admin)
    (found,) = calendar.walk("VEVENT")
    assert str(calendar["method"]) == "REQUEST"
    assert str(found["organizer"]) == "mailto:rdv@drome.test"
    assert found["organizer"].params["CN"] == "Conseil départemental de la Drôme"
    assert [str(one) for one in found["attendee"]] == ["mailto:alice@drome.test", "mailto:bob@drome.test"]
    wanted = {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE", "CN": "Alice Agent"}
    assert wanted.items() <= dict(found["attendee"][0].params).items()
    assert (str(found["status"]), int(found["sequence"])) == ("CONFIRMED", 4)


def test_a_cancel_is_the_same_event_said_to_be_cancelled(motif, agent: Agent) -> None:
    rdv = a_rdv(motif, agent)
    calendar = asked(rdv, agent, method=Method.CANCEL)
    (found,) = calendar.walk("VEVENT")
    assert str(calendar["method"]) == "CANCEL"
    assert str(found["status"]) == "CANCELLED"
    assert str(found["uid"]) == str(feed(agent)[0]["uid"])


@given(name=st.text(max_size=60))
def test_whatever_the_name_of_an_organisation_the_event_is_read_again(name: str, agent: Agent) -> None:
    rdv = RdvFactory.build(organisation=OrganisationFactory.build(name=name), pk=1, lieu=LieuFactory.build())
    (found,) = asked(rdv, agent).walk("VEVENT")
    assert str(found["organizer"]).startswith("mailto:ne-pas-repondre@")
    assert str(found["attendee"]) == "mailto:alice@drome.test"
