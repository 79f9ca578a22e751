"""What stands behind a code: an open choice, a rdv, or nothing any more."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rdv_insertion.agenda.creneaux import offers
from rdv_insertion.agenda.services import book, cancel
from rdv_insertion.followups.services import close_follow_up
from rdv_insertion.invitations.links import booking_key, invitation_url, offers_of, open_link, typing_page
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel import dates
from rdv_insertion.usagers.models import UsagerOrganisation
from tests.factories import (
    InvitationFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SLOT = datetime(2026, 3, 3, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def invitation() -> Invitation:
    return InvitationFactory(created_at=NOW)


def test_an_unknown_code_opens_nothing(invitation: Invitation) -> None:
    assert open_link("ZZZZZZZZ", now=NOW) is None
    assert open_link("", now=NOW) is None
    assert open_link(invitation.code.lower(), now=NOW) is None


def test_a_link_is_open_until_the_instant_it_expires(invitation: Invitation) -> None:
    link = open_link(invitation.code, now=NOW + 10 * DAY - timedelta(microseconds=1))
    assert link is not None
    assert (link.invitation, link.expired, link.participation) == (invitation, False, None)
    expired = open_link(invitation.code, now=NOW + 10 * DAY)
    assert expired is not None
    assert expired.expired


def test_a_link_that_never_expires_stays_open() -> None:
    link = open_link(InvitationFactory(never_expires=True).code, now=dates.NEVER - DAY)
    assert link is not None
    assert not link.expired


def test_a_closed_follow_up_or_an_archived_person_or_organisation_closes_the_link() -> None:
    closed, archived, gone = (InvitationFactory(created_at=NOW) for _ in range(3))
    close_follow_up(follow_up=closed.follow_up, now=NOW)
    UsagerOrganisation.objects.filter(usager=archived.follow_up.usager).update(archived_at=NOW)
    gone.organisation.archived_at = NOW
    gone.organisation.save()
    for invitation in (closed, archived, gone):
        link = open_link(invitation.code, now=NOW)
        assert link is not None
        assert link.expired


def test_every_code_of_a_follow_up_shows_its_coming_rdv(invitation: Invitation) -> None:
    other = InvitationFactory(
        follow_up=invitation.follow_up, organisation=invitation.organisation, created_at=NOW
    )
    participation = ParticipationFactory(follow_up=invitation.follow_up, rdv__starts_at=NOW + DAY)
    for one in (invitation, other):
        link = open_link(one.code, now=NOW)
        assert link is not None
        assert link.participation == participation


def test_the_code_that_served_shows_its_rdv_once_past_and_another_code_does_not(
    invitation: Invitation,
) -> None:
    other = InvitationFactory(
        follow_up=invitation.follow_up, organisation=invitation.organisation, created_at=NOW
    )
    participation = ParticipationFactory(
        follow_up=invitation.follow_up, rdv__starts_at=NOW + DAY, booking_key=booking_key(invitation)
    )
    later = NOW + 2 * DAY
    served, unused = open_link(invitation.code, now=later), open_link(other.code, now=later)
    assert served is not None
    assert unused is not None
    assert (served.participation, unused.participation) == (participation, None)


def test_a_cancelled_rdv_leaves_the_code_free_to_choose_again(invitation: Invitation) -> None:
    motif = MotifFactory(
        organisation=invitation.organisation, motif_category=invitation.follow_up.motif_category
    )
    PlageOuvertureFactory(motif=motif, first_day=date(2026, 3, 3), recurrence="FREQ=WEEKLY")
    (offer,) = offers_of(invitation, now=NOW)
    for _ in range(2):
        participation = book(
            offer=offer,
            starts_at=SLOT,
            follow_up=invitation.follow_up,
            booking_key=booking_key(invitation),
            now=NOW,
        )
        link = open_link(invitation.code, now=NOW)
        assert link is not None
        assert link.participation == participation
        cancel(participation=participation, now=NOW)
        again = open_link(invitation.code, now=NOW)
        assert again is not None
        assert again.participation is None


def test_people_choose_among_the_motifs_of_their_category_and_organisation_only(
    invitation: Invitation,
) -> None:
    category, organisation = invitation.follow_up.motif_category, invitation.organisation
    right = PlageOuvertureFactory(motif__organisation=organisation, motif__motif_category=category)
    PlageOuvertureFactory(motif__organisation=OrganisationFactory(), motif__motif_category=category)
    PlageOuvertureFactory(motif__organisation=organisation, motif__motif_category__accompagnement=True)
    PlageOuvertureFactory(
        motif__organisation=organisation, motif__motif_category=category, motif__agents_only=True
    )
    assert offers_of(invitation, now=NOW) == offers([right.motifs.get()])


def test_a_link_costs_two_queries(invitation: Invitation, django_assert_num_queries) -> None:
    ParticipationFactory(follow_up=invitation.follow_up, rdv__starts_at=NOW + DAY)
    with django_assert_num_queries(2):
        open_link(invitation.code, now=NOW)


def test_addresses_are_short_and_typed_without_their_scheme() -> None:
    assert invitation_url("ABCDEFGH") == "http://testserver/r/ABCDEFGH"
    assert typing_page() == "testserver/invitation"
