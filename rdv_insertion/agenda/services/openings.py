"""Writing plages d'ouverture and absences: one transaction each. Rdvs already taken are never touched.

A change that deserves to be known (overlap, rdvs left outside) raises ToConfirm is the
fingerprint of what is found: one confirms what one has read, and nothing else. Each write returns a Change,
which `undo` takes back.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, connection, transaction

from rdv_insertion.agenda import opening_checks
from rdv_insertion.agenda.enums import LieuAvailability, LocationType
from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agenda.opening_checks import AbsenceDraft, Findings, PlageDraft, Target
from rdv_insertion.agenda.schedules import Schedule, Scope

Opening = TypeVar("Opening", bound=PlageOuverture | Absence)
_CHANGED_SINCE = "Cela a changé depuis : il n'est plus possible d'annuler."


class ToConfirm(Exception):
    """Nothing was written: `findings` must be read, then the call made again with their fingerprint."""

    def __init__(self, findings: Findings) -> None:
        super().__init__("to confirm")
        self.findings = findings


@dataclass(frozen=True)
class Change:
    """Rows as they were before and as they are after a write, in JSON: what `undo` needs."""

    before: str
    after: str

    def openings(self) -> list[PlageOuverture | Absence]:
        """The rows that undoing it writes or removes."""
        return [row for text in (self.before, self.after) for row in _rows(text)]


@transaction.atomic
def create_plage(*, draft: PlageDraft, confirmed: str, now: datetime) -> Change:
    """Open a plage. Raises ValidationError (French, by field), ToConfirm."""
    _validate_plage(draft)
    _confirm(confirmed, opening_checks.check_plage(draft, replacing=None, target=None, now=now))
    return Change(before=_written([]), after=_written([_write_plage(PlageOuverture(), draft)]))


@transaction.atomic
def edit_plage(
    *, plage: PlageOuverture, target: Target, draft: PlageDraft, confirmed: str, now: datetime
) -> Change:
    """Replace the occurrences of `target` by `draft`: the row itself for all of them, else a new one.

    Raises ValidationError (French, by field) and ToConfirm.
    """
    plage = _locked(plage)
    _validate_target(plage, target)
    _validate_plage(draft)
    _confirm(confirmed, opening_checks.check_plage(draft, replacing=plage, target=target, now=now))
    before = _written([plage])
    left = _take_out(plage, target)
    if left is None:
        return Change(before=before, after=_written([_write_plage(plage, draft)]))
    return Change(before=before, after=_written([plage, _write_plage(PlageOuverture(), draft)]))


@transaction.atomic
def create_absence(*, draft: AbsenceDraft, confirmed: str, now: datetime) -> Change:
    """Note an absence. Raises ValidationError (French, by field), ToConfirm."""
    _fill_absence(Absence(), draft).full_clean()
    _confirm(confirmed, opening_checks.check_absence(draft, replacing=None, now=now))
    return Change(before=_written([]), after=_written([_write_absence(Absence(), draft)]))


@transaction.atomic
def edit_absence(
    *, absence: Absence, target: Target, draft: AbsenceDraft, confirmed: str, now: datetime
) -> Change:
    """Replace the occurrences of `target` by `draft`. Raises as `create_absence` does."""
    absence = _locked(absence)
    _validate_target(absence, target)
    _fill_absence(Absence(title=absence.title), draft).full_clean()
    _confirm(confirmed, opening_checks.check_absence(draft, replacing=absence, now=now))
    before = _written([absence])
    left = _take_out(absence, target)
    if left is None:
        return Change(before=before, after=_written([_write_absence(absence, draft)]))
    new = _write_absence(Absence(title=absence.title), draft)
    return Change(before=before, after=_written([absence, new]))


@transaction.atomic
def delete_opening(*, opening: Opening, target: Target) -> Change:
    """Take the occurrences of `target` out of a plage or an absence; the row too when nothing remains."""
    opening = _locked(opening)
    _validate_target(opening, target)
    before = _written([opening])
    if _take_out(opening, target) is None:
        opening.delete()
        return Change(before=before, after=_written([]))
    return Change(before=before, after=_written([opening]))


@transaction.atomic
def undo(*, change: Change) -> None:
    """Put the rows back as they were before `change`.

    Raises ValidationError when they changed since, or when what they need is no longer there.
    """
    openings = change.openings()
    before = _read(change.before)
    ids = {opening.pk for opening in openings}
    manager = type(openings[0]).objects
    rows: list[Any] = list(manager.select_for_update().filter(pk__in=ids).order_by("pk"))
    if json.loads(_written(rows)) != json.loads(change.after):
        raise ValidationError(_CHANGED_SINCE)
    manager.filter(pk__in=ids - {row.object.pk for row in before}).delete()
    try:
        for row in before:
            row.save()
        connection.check_constraints()
    except (IntegrityError, DeserializationError) as error:
        raise ValidationError(_CHANGED_SINCE) from error


def _confirm(confirmed: str, findings: Findings) -> None:
    if findings and findings.fingerprint != confirmed:
        raise ToConfirm(findings)


def _locked(opening: Opening) -> Opening:
    return cast(Opening, type(opening).objects.select_for_update().get(pk=opening.pk))


def _take_out(opening: PlageOuverture | Absence, target: Target) -> Schedule | None:
    """Leave to `opening` what is not in `target`, and save it; None, and nothing saved, when nothing is."""
    left = Schedule.of(opening).without(target.scope, target.day)
    if left:
        _set_schedule(opening, left)
        opening.save()
    return left


def _set_schedule(opening: PlageOuverture | Absence, schedule: Schedule) -> None:
    opening.first_day, opening.last_day = schedule.first_day, schedule.last_day
    opening.start_time, opening.end_time = schedule.start_time, schedule.end_time
    opening.recurrence = schedule.recurrence
    opening.exception_dates = sorted(set(schedule.exception_dates))
    if isinstance(opening, Absence):
        opening.end_day = schedule.end_day


def _write_plage(plage: PlageOuverture, draft: PlageDraft) -> PlageOuverture:
    _fill_plage(plage, draft).save()
    plage.motifs.set(draft.motifs)
    return plage


def _fill_plage(plage: PlageOuverture, draft: PlageDraft) -> PlageOuverture:
    plage.agent, plage.organisation, plage.lieu = draft.agent, draft.organisation, draft.lieu
    plage.title = draft.title
    _set_schedule(plage, draft.schedule)
    return plage


def _write_absence(absence: Absence, draft: AbsenceDraft) -> Absence:
    _fill_absence(absence, draft).save()
    return absence


def _fill_absence(absence: Absence, draft: AbsenceDraft) -> Absence:
    absence.agent, absence.time_zone_name = draft.agent, draft.time_zone_name
    if draft.title is not None:
        absence.title = draft.title
    _set_schedule(absence, draft.schedule)
    return absence


def _validate_target(opening: PlageOuverture | Absence, target: Target) -> None:
    schedule = Schedule.of(opening)
    if schedule.recurrence and target.scope != Scope.ALL and not schedule.starts_on(target.day):
        raise ValidationError("Il ne se passe rien ce jour-là : choisissez un autre jour.")


def _validate_plage(draft: PlageDraft) -> None:
    """The rules of the model, then those that the database cannot say."""
    _fill_plage(PlageOuverture(), draft).full_clean()
    if not draft.organisation.roles.filter(agent=draft.agent).exists():
        raise ValidationError({"agent": "Cet agent ne travaille pas dans cette organisation."})
    if not draft.motifs:
        raise ValidationError({"motifs": "Choisissez au moins un motif."})
    if any(motif.collective or motif.deleted_at for motif in draft.motifs):
        raise ValidationError({"motifs": "Choisissez des motifs individuels en service."})
    if any(motif.organisation_id != draft.organisation.pk for motif in draft.motifs):
        raise ValidationError({"motifs": "Choisissez des motifs de cette organisation."})
    on_site = any(motif.location_type == LocationType.PUBLIC_OFFICE for motif in draft.motifs)
    if on_site and draft.lieu is None:
        raise ValidationError({"lieu": "Choisissez un lieu : l'un des motifs se passe sur place."})
    if draft.lieu and (
        draft.lieu.availability != LieuAvailability.ENABLED
        or draft.lieu.organisation_id != draft.organisation.pk
    ):
        raise ValidationError({"lieu": "Choisissez un lieu ouvert de cette organisation."})
    if not draft.schedule.next_day(draft.schedule.first_day):
        raise ValidationError({"exception_dates": "Il ne reste aucun jour : retirez des exceptions."})


def _written(openings: Iterable[PlageOuverture | Absence]) -> str:
    return str(serializers.serialize("json", sorted(openings, key=lambda opening: opening.pk)))


def _read(text: str) -> list[serializers.base.DeserializedObject]:
    return list(serializers.deserialize("json", text))


def _rows(text: str) -> list[PlageOuverture | Absence]:
    rows = [row.object for row in _read(text)]
    return [row for row in rows if isinstance(row, PlageOuverture | Absence)]
