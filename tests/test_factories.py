"""The factories give rows that the product would accept, and facts that it would tell."""

import pytest
from django.utils import timezone

from rdv_insertion.agenda.creneaux import find_for_public
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.invitations.links import offers_for
from rdv_insertion.kernel import nir
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name", [name for name in dir(factories) if name.endswith("Factory") and name != "DjangoModelFactory"]
)
def test_every_factory_gives_rows_that_pass_the_constraints(name: str) -> None:
    for row in (getattr(factories, name)(), getattr(factories, name)()):
        row.full_clean(validate_unique=False, validate_constraints=False, exclude=["password"])


def test_generated_nirs_agree_with_title_and_birth_date() -> None:
    for usager in (*factories.UsagerFactory.create_batch(5), factories.UsagerFactory(man=True)):
        assert nir.normalise(usager.nir) == usager.nir
        assert not nir.contradictions(usager.nir, title=usager.title, birth_year=usager.birth_date.year)


@pytest.mark.parametrize(
    ("traits", "status"),
    [
        ({}, FollowUpStatus.RDV_PENDING),
        ({"past": True}, FollowUpStatus.RDV_NEEDS_STATUS_UPDATE),
        ({"seen": True}, FollowUpStatus.RDV_SEEN),
        ({"noshow": True}, FollowUpStatus.RDV_NOSHOW),
        ({"excused": True}, FollowUpStatus.RDV_EXCUSED),
        ({"revoked": True}, FollowUpStatus.RDV_REVOKED),
    ],
)
def test_a_participation_puts_its_follow_up_in_the_status_of_its_trait(traits, status) -> None:
    assert factories.ParticipationFactory(**traits).follow_up.status_at(timezone.now()) == status


@pytest.mark.parametrize(
    ("traits", "status"),
    [({}, FollowUpStatus.INVITATION_PENDING), ({"expired": True}, FollowUpStatus.INVITATION_EXPIRED)],
)
def test_an_invitation_puts_its_follow_up_in_the_status_of_its_trait(traits, status) -> None:
    assert factories.InvitationFactory(**traits).follow_up.status_at(timezone.now()) == status


def test_a_plage_opens_slots_to_invited_people(organisation, category) -> None:
    factories.PlageOuvertureFactory(motif__organisation=organisation, motif__motif_category=category)
    found = find_for_public(offers_for(organisation, category), now=timezone.now())
    assert any(found.values())
