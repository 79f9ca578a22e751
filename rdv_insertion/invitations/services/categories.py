"""Which categories an organisation runs, how, and in what order: one transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef

from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import UsagerOrganisation


@dataclass(frozen=True)
class CategoryUse:
    """What relies on a configuration: follow-ups of the people of its organisation, its invitations."""

    follow_up_count: int
    invitation_count: int

    @property
    def is_used(self) -> bool:
        """Whether the configuration must stay."""
        return bool(self.follow_up_count or self.invitation_count)


def use_of(configuration: CategoryConfiguration) -> CategoryUse:
    """What deleting `configuration` would leave without a list nor settings. Two queries."""
    followed = UsagerOrganisation.objects.filter(
        usager=OuterRef("usager"), organisation=configuration.organisation_id
    )
    follow_ups = FollowUp.objects.filter(Exists(followed), motif_category=configuration.motif_category_id)
    invitations = Invitation.objects.filter(
        organisation=configuration.organisation_id,
        follow_up__motif_category=configuration.motif_category_id,
    )
    return CategoryUse(follow_up_count=follow_ups.count(), invitation_count=invitations.count())


@transaction.atomic
def save_configuration(*, configuration: CategoryConfiguration) -> CategoryConfiguration:
    """Write a configuration, the last one when it is new. Raises ValidationError (French, by field)."""
    if configuration._state.adding:
        configuration.position = _next_position(configuration.organisation)
    configuration.full_clean()
    configuration.save()
    return configuration


@transaction.atomic
def delete_configuration(*, configuration: CategoryConfiguration) -> None:
    """Delete a configuration that nobody relies on. Raises ValidationError (French) otherwise."""
    locked = CategoryConfiguration.objects.select_for_update().get(pk=configuration.pk)
    if use_of(locked).is_used:
        raise ValidationError("Cette catégorie sert : elle ne peut pas être supprimée.")
    locked.delete()


@transaction.atomic
def move_configuration(*, configuration: CategoryConfiguration, places: int) -> bool:
    """Move it `places` further in its organisation's order (negative: earlier); whether it moved."""
    several = _locked(configuration.organisation)
    order = [one.pk for one in several]
    start = order.index(configuration.pk)
    end = min(max(start + places, 0), len(order) - 1)
    order.insert(end, order.pop(start))
    by_id = {one.pk: one for one in several}
    for position, key in enumerate(order):
        by_id[key].position = position
    CategoryConfiguration.objects.bulk_update(several, ["position"])
    return start != end


def _locked(organisation: Organisation) -> Sequence[CategoryConfiguration]:
    """In their order; locked by id, so that two moves at once do not wait for each other for ever."""
    mine = CategoryConfiguration.objects.filter(organisation=organisation)
    list(mine.select_for_update().order_by("pk"))
    return list(mine.order_by("position", "motif_category__position", "id"))


def _next_position(organisation: Organisation) -> int:
    last = CategoryConfiguration.objects.filter(organisation=organisation).order_by("-position").first()
    return last.position + 1 if last else 0
