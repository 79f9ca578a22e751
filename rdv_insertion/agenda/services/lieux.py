"""Writing lieux: one transaction each."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from rdv_insertion.agenda.enums import LieuAvailability
from rdv_insertion.agenda.models import Lieu
from rdv_insertion.kernel.text import plural

_SINGLE_USE = "Ce lieu ne sert qu'à un rendez-vous : il ne change pas."


@transaction.atomic
def save_lieu(*, lieu: Lieu) -> Lieu:
    """Write a new or changed place, never one made for a single rdv. Raises ValidationError."""
    _refuse_single_use(lieu)
    lieu.full_clean()
    lieu.save()
    return lieu


@transaction.atomic
def set_open(*, lieu: Lieu, is_open: bool) -> Lieu:
    """Open the place, or close it: no créneau is offered there any more, the rdvs taken stay."""
    lieu = Lieu.objects.select_for_update().get(pk=lieu.pk)
    _refuse_single_use(lieu)
    lieu.availability = LieuAvailability.ENABLED if is_open else LieuAvailability.DISABLED
    lieu.save(update_fields=["availability"])
    return lieu


@transaction.atomic
def delete_lieu(*, lieu: Lieu) -> None:
    """Delete a place that nothing uses. Raises ValidationError, which says what uses it."""
    lieu = Lieu.objects.select_for_update().get(pk=lieu.pk)
    _refuse_single_use(lieu)
    if uses := uses_of(lieu):
        raise ValidationError(f"Ce lieu ne peut pas être supprimé : {uses}.")
    lieu.delete()


def uses_of(lieu: Lieu) -> str:
    """`2 plages d'ouverture et 14 rendez-vous s'y tiennent`; empty when nothing does."""
    plages, rdvs = lieu.plages.count(), lieu.rdvs.count()
    parts = [plural(plages, "plage d'ouverture", "plages d'ouverture")] if plages else []
    parts += [plural(rdvs, "rendez-vous", "rendez-vous")] if rdvs else []
    if not parts:
        return ""
    return f"{' et '.join(parts)} {'s’y tient' if plages + rdvs == 1 else 's’y tiennent'}".replace("’", "'")


def plages_to_come(lieu: Lieu, *, now: datetime) -> int:
    """How many plages would offer créneaux there, were it open."""
    return lieu.plages.exclude(last_day__lt=now.date()).count()


def _refuse_single_use(lieu: Lieu) -> None:
    known = Lieu.objects.filter(pk=lieu.pk).first() if lieu.pk else None
    if LieuAvailability.SINGLE_USE in (lieu.availability, known and known.availability):
        raise ValidationError(_SINGLE_USE)
