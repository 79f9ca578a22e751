"""Telling agents of what others change in their rdvs: who, when, and with which event."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar
from icalendar.cal import Component

from rdv_insertion.agenda.agent_notifications import RdvChange, tell_agents
from rdv_insertion.agenda.announcements import Change
from rdv_insertion.agenda.models import FormerRdvAgent, Rdv, RdvAgent
from rdv_insertion.agents.enums import NotificationLevel
from rdv_insertion.agents.models import Agent
from rdv_insertion.messaging.channels.email.mail import build_mail
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message
from tests.factories import LieuFactory, MotifFactory, ParticipationFactory, RdvFactory

pytestmark = pytest.mark.django_db

# A Monday morning in Valence, and the rdv the next day.
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
FAR = NOW + timedelta(days=20)


@pytest.fixture(autouse=True)
def everybody_wants_all(agent: Agent, admin: Agent) -> None:
    for one in (agent, admin):
        one.notification_level = NotificationLevel.ALL
        one.save()


@pytest.fixture
def rdv(organisation, agent: Agent) -> Rdv:
    motif = MotifFactory(organisation=organisation, name="RSA orientation")
    lieu = LieuFactory(organisation=organisation, name="CMS de Valence", address="1 rue Neuve, 26000 Valence")
    return RdvFactory(motif=motif, lieu=lieu, agents=[agent], starts_at=TOMORROW)


def created(rdv: Rdv, **values) -> RdvChange:
    return RdvChange(rdv_id=rdv.pk, kind=Change.CREATED, **values)


def moved(rdv: Rdv, to: datetime, **values) -> RdvChange:
    before, agents = rdv.starts_at, frozenset(rdv.agents.values_list("pk", flat=True))
    Rdv.objects.filter(pk=rdv.pk).update(
        starts_at=to, ends_at=to + timedelta(minutes=30), sequence=rdv.sequence + 1
    )
    rdv.refresh_from_db()
    return RdvChange(
        rdv_id=rdv.pk,
        kind=Change.MOVED,
        former_starts_at=before,
        former_agent_ids=values.pop("former_agent_ids", agents),
        **values,
    )


def cancelled(rdv: Rdv, **values) -> RdvChange:
    Rdv.objects.filter(pk=rdv.pk).update(status="revoked", cancelled_at=NOW, sequence=rdv.sequence + 1)
    rdv.refresh_from_db()
    return RdvChange(rdv_id=rdv.pk, kind=Change.CANCELLED, **values)


def given(rdv: Rdv, giver: Agent, receiver: Agent) -> RdvChange:
    """The rdv passes from one agent to another, at the same moment."""
    RdvAgent.objects.filter(rdv=rdv).update(agent=receiver)
    Rdv.objects.filter(pk=rdv.pk).update(sequence=rdv.sequence + 1)
    rdv.refresh_from_db()
    FormerRdvAgent.objects.create(rdv=rdv, agent=giver, sequence=rdv.sequence, removed_at=NOW)
    return RdvChange(
        rdv_id=rdv.pk,
        kind=Change.MOVED,
        former_starts_at=rdv.starts_at,
        former_agent_ids=frozenset({giver.pk}),
    )


def tell(*changes: RdvChange, now: datetime = NOW) -> list[Message]:
    before = set(Message.objects.values_list("pk", flat=True))
    tell_agents(changes=changes, now=now)
    return list(Message.objects.exclude(pk__in=before).order_by("agent__email"))


def event(message: Message) -> Component:
    (found,) = Calendar.from_ical(message.calendar).walk("VEVENT")
    return found


def method(message: Message) -> str:
    return str(Calendar.from_ical(message.calendar)["method"])


# --- What is told ---


def test_a_rdv_that_a_person_takes_is_a_mail_that_asks_its_agent(rdv: Rdv, agent: Agent) -> None:
    (told,) = tell(created(rdv))
    assert (told.agent, told.usager, told.purpose) == (agent, None, Purpose.AGENT_RDV)
    assert told.recipient == "alice@drome.test"
    assert told.subject == "Nouveau rendez-vous : mardi 3 mars 2026 à 9 h"
    assert "Pris par la personne." in told.text
    assert "CMS de Valence, 1 rue Neuve, 26000 Valence" in told.text
    assert f"/rdvs/{rdv.pk}/" in told.text
    assert method(told) == "REQUEST"
    assert str(event(told)["uid"]) == f"{rdv.uuid}@rdv-insertion"
    assert int(event(told)["sequence"]) == rdv.sequence


def test_a_move_is_the_same_event_with_a_higher_version(rdv: Rdv) -> None:
    (first,) = tell(created(rdv))
    (second,) = tell(moved(rdv, TOMORROW + timedelta(hours=2)))
    assert second.subject == "Rendez-vous déplacé : mardi 3 mars 2026 à 11 h"
    assert "Au lieu du mardi 3 mars 2026 à 9 h" in second.text
    assert method(second) == "REQUEST"
    assert str(event(first)["uid"]) == str(event(second)["uid"])
    assert int(event(second)["sequence"]) > int(event(first)["sequence"])
    assert event(second).decoded("dtstart") == TOMORROW + timedelta(hours=2)


def test_a_cancelled_rdv_leaves_the_agenda_of_its_agents(rdv: Rdv) -> None:
    (first,) = tell(created(rdv))
    (second,) = tell(cancelled(rdv))
    assert second.subject == "Rendez-vous annulé : mardi 3 mars 2026 à 9 h"
    assert method(second) == "CANCEL"
    assert str(event(second)["status"]) == "CANCELLED"
    assert str(event(first)["uid"]) == str(event(second)["uid"])
    assert int(event(second)["sequence"]) > int(event(first)["sequence"])


def test_who_receives_a_rdv_is_asked_and_who_loses_it_is_freed(rdv: Rdv, agent: Agent, admin: Agent) -> None:
    loser, receiver = tell(given(rdv, agent, admin))
    assert (loser.agent, method(loser)) == (agent, "CANCEL")
    assert "Ce rendez-vous n'est plus le vôtre." in loser.text
    assert "Confié à un collègue par la personne." in loser.text
    assert str(event(loser)["attendee"]) == "mailto:alice@drome.test"
    assert (receiver.agent, method(receiver)) == (admin, "REQUEST")
    assert receiver.subject.startswith("Nouveau rendez-vous")
    assert str(event(receiver)["attendee"]) == "mailto:bob@drome.test"


def test_who_stays_beside_a_new_colleague_is_told_of_a_change(rdv: Rdv, agent: Agent, admin: Agent) -> None:
    RdvAgent.objects.create(
        rdv=rdv, agent=admin, starts_at=rdv.starts_at, ends_at=rdv.ends_at, busy=True, overbooked=False
    )
    stayer, newcomer = tell(moved(rdv, rdv.starts_at, former_agent_ids=frozenset({agent.pk})))
    assert stayer.subject.startswith("Rendez-vous modifié")
    assert "Au lieu" not in stayer.text
    assert "Avec vous : Bob Admin" in stayer.text
    assert newcomer.subject.startswith("Nouveau rendez-vous")
    assert len(event(stayer)["attendee"]) == 2


def test_who_loses_a_rdv_that_moves_too_reads_when_it_was_theirs(
    rdv: Rdv, agent: Agent, admin: Agent
) -> None:
    change = given(rdv, agent, admin)
    Rdv.objects.filter(pk=rdv.pk).update(starts_at=FAR, ends_at=FAR + timedelta(minutes=30))
    loser, receiver = tell(change)
    assert "mardi 3 mars 2026 à 9 h" in loser.subject
    assert "Déplacé par la personne." in loser.text
    assert "dimanche 22 mars 2026 à 9 h" in receiver.subject


def test_no_mail_names_the_person(rdv: Rdv) -> None:
    usager = ParticipationFactory(rdv=rdv).usager
    (told,) = tell(created(rdv))
    for secret in (usager.last_name, usager.first_name, usager.nir, usager.phone_number, usager.email):
        for words in (told.subject, told.text, told.html, told.calendar):
            assert secret not in words


@pytest.mark.parametrize(
    ("created_by", "by_admin", "says"),
    [
        ("user", False, "par la personne"),
        ("prescripteur", False, "par un partenaire"),
        ("agent", True, "par Bob Admin"),
        ("prescripteur", True, "par Bob Admin, un partenaire"),
    ],
)
def test_the_mail_says_who_did_it(rdv: Rdv, admin: Agent, created_by: str, by_admin: bool, says: str) -> None:
    Rdv.objects.filter(pk=rdv.pk).update(created_by=created_by)
    (told,) = tell(created(rdv, by_agent_id=admin.pk if by_admin else None))
    assert f"{says}.\n" in told.text


# --- Places in a collective rdv ---


@pytest.fixture
def atelier(organisation, agent: Agent, admin: Agent) -> Rdv:
    motif = MotifFactory(organisation=organisation, collectif=True, name="Atelier CV")
    return RdvFactory(
        motif=motif,
        agents=[agent],
        starts_at=TOMORROW,
        created_by="agent",
        created_by_agent=admin,
        max_participants_count=12,
        seats_taken=4,
    )


def place(rdv: Rdv, kind: Change, *, by: Agent | None = None) -> RdvChange:
    """Somebody takes a place, or gives it back: the version grows with both."""
    step = 1 if kind == Change.CREATED else -1
    Rdv.objects.filter(pk=rdv.pk).update(seats_taken=rdv.seats_taken + step, sequence=rdv.sequence + 1)
    rdv.refresh_from_db()
    return RdvChange(rdv_id=rdv.pk, kind=kind, by_agent_id=by.pk if by else None)


def test_a_place_taken_then_given_back_is_told_as_such(atelier: Rdv, admin: Agent) -> None:
    tell(created(atelier, by_agent_id=admin.pk))
    (joined,) = tell(place(atelier, Change.CREATED))
    assert joined.subject == "Nouvelle inscription : mardi 3 mars 2026 à 9 h"
    assert "Atelier CV (5/12)" in joined.text
    assert method(joined) == "REQUEST"
    (left,) = tell(place(atelier, Change.CANCELLED))
    assert left.subject.startswith("Désinscription")
    assert (method(left), str(event(left)["status"])) == ("REQUEST", "CONFIRMED")
    assert int(event(left)["sequence"]) > int(event(joined)["sequence"])


def test_who_planned_it_reads_of_a_place_and_not_of_a_new_rdv(atelier: Rdv, agent: Agent) -> None:
    Rdv.objects.filter(pk=atelier.pk).update(created_by_agent=agent)
    (told,) = tell(place(atelier, Change.CREATED))
    assert told.subject.startswith("Nouvelle inscription")


def test_who_never_heard_of_it_reads_of_a_new_rdv(atelier: Rdv) -> None:
    (told,) = tell(place(atelier, Change.CREATED))
    assert told.subject.startswith("Nouveau rendez-vous")


def test_the_people_whom_a_colleague_registers_are_told_to_nobody(atelier: Rdv, admin: Agent) -> None:
    tell(created(atelier, by_agent_id=admin.pk))
    assert tell(place(atelier, Change.CREATED, by=admin)) == []
    assert tell(place(atelier, Change.CANCELLED, by=admin)) == []


def test_a_collective_rdv_that_the_service_cancels_is_told(atelier: Rdv, admin: Agent) -> None:
    tell(created(atelier, by_agent_id=admin.pk))
    (told,) = tell(cancelled(atelier, by_agent_id=admin.pk))
    assert method(told) == "CANCEL"


# --- Who is told ---


def test_nobody_is_told_of_their_own_action(rdv: Rdv, agent: Agent) -> None:
    assert tell(created(rdv, by_agent_id=agent.pk)) == []
    assert tell(moved(rdv, FAR, by_agent_id=agent.pk)) == []
    assert tell(cancelled(rdv, by_agent_id=agent.pk)) == []


@pytest.mark.parametrize(
    ("level", "starts_at", "former", "told"),
    [
        ("all", FAR, None, True),
        ("none", TOMORROW, None, False),
        ("soon", TOMORROW, None, True),
        ("soon", FAR, None, False),
        ("soon", FAR, TOMORROW, True),
        ("soon", TOMORROW, FAR, True),
        ("soon", FAR, FAR + timedelta(days=1), False),
        # The last moment of tomorrow, and the first one after, on the clocks of Valence.
        ("soon", datetime(2026, 3, 3, 22, 59, tzinfo=UTC), None, True),
        ("soon", datetime(2026, 3, 3, 23, 0, tzinfo=UTC), None, False),
    ],
)
def test_the_level_of_each_agent_decides(
    rdv: Rdv, agent: Agent, level: str, starts_at: datetime, former: datetime | None, told: bool
) -> None:
    agent.notification_level = level
    agent.save()
    change = replace(moved(rdv, starts_at), former_starts_at=former)
    assert bool(tell(change)) is told


def test_tomorrow_is_that_of_the_place(rdv: Rdv, agent: Agent) -> None:
    agent.notification_level = NotificationLevel.SOON
    agent.save()
    Rdv.objects.filter(pk=rdv.pk).update(lieu=LieuFactory(reunion=True))
    # 21:00 UTC is still tomorrow in Valence, and one in the morning of the day after in La Réunion.
    change = moved(rdv, datetime(2026, 3, 3, 21, tzinfo=UTC))
    assert tell(replace(change, former_starts_at=None)) == []


def test_an_agent_who_may_not_log_in_any_more_is_not_told(rdv: Rdv, agent: Agent) -> None:
    agent.is_active = False
    agent.save()
    assert tell(created(rdv)) == []


def test_what_is_over_or_gone_is_told_to_nobody(rdv: Rdv) -> None:
    assert tell(created(rdv), now=rdv.ends_at) == []
    assert tell(RdvChange(rdv_id=0, kind=Change.CREATED)) == []


# --- However often, and however many ---


def test_the_same_change_told_twice_is_one_mail(rdv: Rdv) -> None:
    change = created(rdv)
    assert len(tell(change)) == 1
    assert tell(change) == []


def test_a_change_that_another_has_undone_is_told_as_things_are(rdv: Rdv) -> None:
    change = created(rdv)
    cancellation = cancelled(rdv)
    (told,) = tell(change)
    assert method(told) == "CANCEL"
    assert tell(cancellation) == []


def test_an_agent_who_was_given_the_rdv_back_is_freed_of_nothing(
    rdv: Rdv, agent: Agent, admin: Agent
) -> None:
    change = given(rdv, agent, admin)
    RdvAgent.objects.filter(rdv=rdv).update(agent=agent)
    FormerRdvAgent.objects.all().delete()
    (told,) = tell(change)
    assert (told.agent, method(told)) == (agent, "REQUEST")


@pytest.mark.parametrize("collective", [False, True])
def test_several_rdvs_are_told_with_the_queries_of_one(
    organisation, agent: Agent, admin: Agent, collective: bool
) -> None:
    counts = []
    motif = MotifFactory(organisation=organisation, collective=collective)
    for count in (1, 12):
        changes = []
        for number in range(count):
            one = RdvFactory(motif=motif, agents=[agent], starts_at=FAR + timedelta(days=count, hours=number))
            changes.append(given(one, agent, admin))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert tell_agents(changes=changes, now=NOW) == count * 2
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_mail_that_leaves_is_one_that_outlook_and_zimbra_answer(rdv: Rdv) -> None:
    (told,) = tell(created(rdv))
    mail = build_mail(told).message()
    (alternative,) = (part for part in mail.walk() if part.get_content_subtype() == "alternative")
    kinds = [part.get_content_type() for part in alternative.get_payload()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    part = alternative.get_payload()[-1]
    assert part.get_param("method") == "REQUEST"
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    (found,) = calendar.walk("VEVENT")
    assert str(calendar["method"]) == "REQUEST"
    assert mail["From"].endswith(f"<{str(found['organizer']).removeprefix('mailto:')}>")
    assert str(found["attendee"]) == f"mailto:{mail['To']}"
