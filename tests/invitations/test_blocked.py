"""Every night, organisations learn how many of those they invited would find no créneau."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from rdv_insertion.agenda.creneaux import first_for_public
from rdv_insertion.agenda.models import Motif, PlageOuverture
from rdv_insertion.agenda.services import sectors
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import close_follow_up
from rdv_insertion.invitations.links import offers_of
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services.blocked import alert, blocked_people
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from tests.factories import (
    AgentFactory,
    CategoryConfigurationFactory,
    DepartmentFactory,
    FollowUpFactory,
    InvitationFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    UsagerFactory,
)

pytestmark = pytest.mark.django_db

# 01:00 in Paris.
NIGHT = datetime(2026, 3, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def invited(organisation: Organisation, motif: Motif) -> Callable[..., Invitation]:
    """Somebody invited yesterday, in a category with a motif and no plage."""

    def make(**values: Any) -> Invitation:
        return InvitationFactory(**{"organisation": organisation, "created_at": NIGHT - DAY} | values)

    return make


def mails() -> list[Message]:
    return list(Message.objects.filter(purpose=Purpose.BLOCKED_PEOPLE).order_by("recipient"))


def test_the_organisation_is_told_how_many_and_where(invited: Any, organisation: Organisation) -> None:
    for address in ("1 rue A 26150 Die", "2 rue A 26150 Die", "3 rue B 26000 Valence", None):
        invited(follow_up__usager=UsagerFactory(organisation=organisation, address=address))
    assert alert(now=NIGHT) == 1
    (mail,) = mails()
    assert mail.recipient == organisation.email
    assert "4 personnes invitées sans créneau à choisir" in mail.subject
    assert "4 personnes sur 4 invitées ne trouveraient aucun créneau" in mail.text
    assert (
        "- 26150 Die : 2 personnes\n- 26000 Valence : 1 personne\n- adresse inconnue : 1 personne"
        in mail.text
    )


def test_one_person_is_told_in_the_singular(invited: Any) -> None:
    invited()
    alert(now=NIGHT)
    (mail,) = mails()
    assert "1 personne sur 1 invitée ne trouverait aucun créneau" in mail.text


def test_the_address_of_the_category_is_told_too(
    invited: Any, configuration: CategoryConfiguration, organisation: Organisation
) -> None:
    configuration.alert_email = "agenda@drome.test"
    configuration.save()
    invited()
    assert alert(now=NIGHT) == 2
    assert [mail.recipient for mail in mails()] == ["agenda@drome.test", organisation.email]


def test_with_something_to_choose_nobody_is_told(invited: Any, plage: PlageOuverture) -> None:
    invited()
    assert alert(now=NIGHT) == 0


@pytest.mark.parametrize(
    ("moment", "told"),
    [(NIGHT - timedelta(minutes=1), 0), (NIGHT, 1), (NIGHT + 4 * HOUR, 1), (NIGHT + 5 * HOUR, 0)],
)
def test_only_at_night_and_later_in_the_night_after_an_outage(
    invited: Any, moment: datetime, told: int
) -> None:
    invited()
    assert alert(now=moment) == told


def test_once_a_night(invited: Any) -> None:
    invited()
    assert [alert(now=NIGHT + hours * HOUR) for hours in (0, 1, 2)] == [1, 0, 0]
    assert alert(now=NIGHT + DAY) == 1


def _book(follow_up: FollowUp) -> None:
    ParticipationFactory(follow_up=follow_up, rdv__starts_at=NIGHT + 9 * DAY, created_at=NIGHT - HOUR)


def _close(follow_up: FollowUp) -> None:
    close_follow_up(follow_up=follow_up, now=NIGHT)


def _leave(follow_up: FollowUp) -> None:
    follow_up.usager.memberships.update(archived_at=NIGHT)


@pytest.mark.parametrize("happens", [_book, _close, _leave])
def test_whoever_does_not_wait_any_more_does_not_count(invited: Any, happens: Any) -> None:
    happens(invited().follow_up)
    assert alert(now=NIGHT) == 0


@pytest.mark.parametrize("expires_at", [NIGHT, dates.NEVER])
def test_invitations_that_are_over_or_never_end_do_not_count(invited: Any, expires_at: datetime) -> None:
    invited(expires_at=expires_at)
    assert alert(now=NIGHT) == 0


def test_a_person_invited_twice_counts_once(invited: Any, configuration: CategoryConfiguration) -> None:
    first = invited()
    invited(follow_up=first.follow_up, channel="email", created_at=NIGHT - HOUR)
    blocked = blocked_people(configuration, now=NIGHT)
    assert (blocked.invited, len(blocked.people)) == (1, 1)


def test_people_who_may_choose_the_same_take_one_search(
    invited: Any, configuration: CategoryConfiguration
) -> None:
    for _ in range(30):
        invited()
    assert blocked_people(configuration, now=NIGHT).searches == 1


def test_only_those_whose_referents_are_full_are_blocked_and_the_referents_are_named(
    invited: Any, configuration: CategoryConfiguration, organisation: Organisation, motif: Motif
) -> None:
    motif.referent_only = True
    motif.save()
    free = AgentFactory(organisation=organisation)
    full = AgentFactory(organisation=organisation, first_name="Paul", last_name="Plein")
    PlageOuvertureFactory(motif=motif, agent=free, first_day=date(2026, 3, 4))
    with_free, with_full, without = invited(), invited(), invited()
    with_free.follow_up.usager.referents.add(free)
    with_full.follow_up.usager.referents.add(full)
    blocked = blocked_people(configuration, now=NIGHT)
    assert {one.pk for one in blocked.people} == {with_full.follow_up_id, without.follow_up_id}
    assert (dict(blocked.referents), blocked.without_referent) == ({"Paul Plein": 1}, 1)
    assert blocked.searches == 3
    alert(now=NIGHT)
    assert "- Paul Plein : 1 personne" in mails()[0].text
    assert "1 personne n'a pas de référent" in mails()[0].text


def test_it_says_what_the_person_would_see(
    invited: Any, configuration: CategoryConfiguration, organisation: Organisation, motif: Motif
) -> None:
    """Sectors, referents and places: the same people as those whose page is empty."""
    motif.sectorisation_level = "organisation"
    motif.save()
    for town, human_id in (("26113", "die"), ("26362", "valence")):
        sector = sectors.save_sector(department=organisation.department, name=human_id, human_id=human_id)
        sectors.add_zone(sector=sector, place=sectors.Place(town))
        if human_id == "die":
            sectors.attribute(sector=sector, organisation=organisation)
    agent = AgentFactory(organisation=organisation)
    theirs = MotifFactory(
        organisation=organisation, motif_category=configuration.motif_category, referent_only=True
    )
    PlageOuvertureFactory(motif=theirs, agent=agent, first_day=date(2026, 3, 4))
    addresses = ("1 rue A 26150 Die", "2 rue B 26000 Valence", None)
    for place, address in enumerate(addresses * 2):
        usager = UsagerFactory(organisation=organisation, address=address)
        invited(follow_up=FollowUpFactory(usager=usager), with_referents=place > 2)
        if place % 2:
            usager.referents.add(agent)
    empty = {
        one.follow_up_id
        for one in Invitation.objects.select_related(
            "organisation__department", "follow_up__usager__department"
        )
        if first_for_public(offers_of(one, now=NIGHT), now=NIGHT) is None
    }
    found = {one.pk for one in blocked_people(configuration, now=NIGHT).people}
    assert found == empty
    assert 0 < len(found) < 6


def test_each_department_sleeps_on_its_own_clocks(category: Any) -> None:
    organisation = OrganisationFactory(department=DepartmentFactory(reunion=True), email="run@reunion.test")
    CategoryConfigurationFactory(organisation=organisation, motif_category=category)
    MotifFactory(organisation=organisation, motif_category=category)
    # 01:00 in La Réunion is 21:00 the day before in UTC.
    night = datetime(2026, 3, 2, 21, tzinfo=UTC)
    InvitationFactory(organisation=organisation, follow_up__motif_category=category, created_at=night - DAY)
    assert alert(now=NIGHT + 6 * HOUR) == 0
    assert alert(now=night) == 1


def test_an_archived_organisation_is_left_alone(invited: Any, organisation: Organisation) -> None:
    invited()
    organisation.archived_at = NIGHT
    organisation.save()
    assert alert(now=NIGHT) == 0
