"""Writing motifs: one transaction each. What the rdvs already taken rely on is kept."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from rdv_insertion.agenda.models import Motif, PlageOuverture, Rdv
from rdv_insertion.territory.models import Organisation

_FROZEN = {
    "location_type": "Le type de lieu ne change plus : des rendez-vous sont pris pour ce motif.",
    "collective": "Un motif ne devient pas collectif, ni individuel : des rendez-vous sont pris pour lui.",
}


@dataclass(frozen=True)
class MotifUse:
    """What relies on a motif: its rdvs, those to come among them, its plages to come."""

    rdv_count: int
    coming_rdv_count: int
    plage_count: int


def use_of(motif: Motif, *, now: datetime) -> MotifUse:
    """What deleting `motif` touches."""
    rdvs = Rdv.objects.filter(motif=motif)
    plages = PlageOuverture.objects.filter(motifs=motif)
    return MotifUse(
        rdv_count=rdvs.count(),
        coming_rdv_count=rdvs.filter(busy=True, starts_at__gt=now).count(),
        plage_count=plages.exclude(last_day__lt=now.date()).count(),
    )


def is_frozen(motif: Motif) -> bool:
    """Whether its type of place and its being collective can no longer change."""
    return motif.pk is not None and Rdv.objects.filter(motif=motif).exists()


@transaction.atomic
def save_motif(*, motif: Motif) -> Motif:
    """Write a new or changed motif. Raises ValidationError (French, by field)."""
    motif.full_clean()
    if motif.pk is not None:
        known = Motif.objects.select_for_update().get(pk=motif.pk)
        changed = [name for name in _FROZEN if getattr(known, name) != getattr(motif, name)]
        if changed and is_frozen(known):
            raise ValidationError({name: _FROZEN[name] for name in changed})
    motif.save()
    return motif


@transaction.atomic
def duplicate_motif(*, motif: Motif, organisation: Organisation, name: str) -> Motif:
    """A copy in use, in this or another organisation, under another name. Raises ValidationError."""
    copy = Motif.objects.get(pk=motif.pk)
    copy.pk, copy.deleted_at = None, None
    copy._state.adding = True
    copy.organisation, copy.name = organisation, name
    copy.full_clean()
    copy.save()
    return copy


@transaction.atomic
def delete_motif(*, motif: Motif, now: datetime) -> bool:
    """Delete it, or put it out of use when it has rdvs: these keep it. Returns whether it still exists."""
    motif = Motif.objects.select_for_update().get(pk=motif.pk)
    if not is_frozen(motif):
        motif.delete()
        return False
    motif.deleted_at = now
    motif.save(update_fields=["deleted_at"])
    return True


@transaction.atomic
def restore_motif(*, motif: Motif) -> Motif:
    """Put a deleted motif back in use. Raises ValidationError when another one took its name."""
    motif = Motif.objects.select_for_update().get(pk=motif.pk)
    motif.deleted_at = None
    motif.full_clean()
    motif.save(update_fields=["deleted_at"])
    return motif
