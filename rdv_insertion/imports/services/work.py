"""Having the rows of a run written, then invited: by the worker, or by the caller."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import KEPT, ImportRow, ImportRun
from rdv_insertion.imports.services.stages import DECIDABLE, advance, defer
from rdv_insertion.kernel import bulk

_WRITTEN = (RowState.CREATED, RowState.UPDATED, RowState.UNCHANGED)


@transaction.atomic
def start_writing(*, run: ImportRun, now: datetime, in_background: bool = True) -> None:
    """Have the chosen rows written: by the worker, or by the caller, with `run.write`. Raises WrongStage."""
    advance(run, Stage.WRITING, *DECIDABLE, now=now)
    run.kept_until = now + KEPT
    run.save(update_fields=["kept_until"])
    if in_background:
        defer(run)


@transaction.atomic
def start_inviting(
    *,
    run: ImportRun,
    channels: Sequence[str] | Mapping[int, Sequence[str]],
    now: datetime,
    even_without_slots: bool = False,
    in_background: bool = True,
) -> None:
    """Have people invited: all those who were written by `channels`, or, by id of row, each by their own.

    Raises WrongStage.
    """
    advance(run, Stage.INVITING, Stage.WRITTEN, now=now)
    run.even_without_slots = even_without_slots
    run.save(update_fields=["even_without_slots"])
    rows = invitable_rows(run)
    if isinstance(channels, Mapping):
        chosen = list(rows.filter(pk__in=[pk for pk, several in channels.items() if several]).only("pk"))
        for row in chosen:
            row.channels, row.to_invite = list(channels[row.pk]), True
        bulk.update_columns(chosen, ["channels", "to_invite"])
    else:
        rows.update(channels=list(channels), to_invite=True)
    if in_background:
        defer(run)


@transaction.atomic
def finish_without_inviting(*, run: ImportRun, now: datetime) -> None:
    """End the import: nobody is invited now."""
    advance(run, Stage.DONE, Stage.WRITTEN, now=now)


def invitable_rows(run: ImportRun) -> QuerySet[ImportRow]:
    """The rows whose person was written and not invited by this run: one row a person; those whose rights
    ended are no candidates.
    """
    return run.rows.filter(
        state__in=_WRITTEN,
        written_at__isnull=False,
        usager__isnull=False,
        invited_at__isnull=True,
        rights_ended=False,
    )
