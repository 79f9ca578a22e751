"""The number to call about a rdv: that of the place, else of the category there, else of the organisation."""

from collections.abc import Iterable

from rdv_insertion.agenda.models import Lieu, Motif, Rdv
from rdv_insertion.followups.models import MotifCategory


def phone_to_give(motif: Motif, lieu: Lieu | None) -> str:
    """The number (E.164) for a rdv of this motif at this place, or an empty string. One query at most."""
    if lieu is not None and lieu.phone_number:
        return lieu.phone_number
    of_category = _of_categories([motif]).get((motif.organisation_id, motif.motif_category_id), "")
    return of_category or motif.organisation.phone_number


def phone_of(rdv: Rdv) -> str:
    """The number (E.164) to call about this rdv, or an empty string. No query after `load_phones`."""
    known: str | None = getattr(rdv, "_phone_to_give", None)
    return phone_to_give(rdv.motif, rdv.lieu) if known is None else known


def load_phones(rdvs: Iterable[Rdv]) -> None:
    """Find the numbers of many rdvs, which come with their motif, place and organisation, in one query."""
    several = list(rdvs)
    of_categories = _of_categories([rdv.motif for rdv in several])
    for rdv in several:
        of_place = rdv.lieu.phone_number if rdv.lieu else ""
        of_category = of_categories.get((rdv.motif.organisation_id, rdv.motif.motif_category_id), "")
        rdv._phone_to_give = of_place or of_category or rdv.organisation.phone_number  # type: ignore[attr-defined]


def _of_categories(motifs: Iterable[Motif]) -> dict[tuple[int, int | None], str]:
    """What organisations give for their categories, by both ids. Read from the side of the category: its
    configurations belong to a layer above."""
    wanted = {(one.organisation_id, one.motif_category_id) for one in motifs if one.motif_category_id}
    if not wanted:
        return {}
    found = MotifCategory.objects.filter(
        pk__in={category for _, category in wanted},
        configurations__organisation__in={organisation for organisation, _ in wanted},
    ).order_by()
    numbers = found.values_list("configurations__organisation", "pk", "configurations__phone_number")
    return {(organisation, category): number for organisation, category, number in numbers if number}
