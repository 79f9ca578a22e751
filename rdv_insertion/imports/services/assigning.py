"""Choosing the organisation that will follow people, and taking the choice back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from rdv_insertion.imports import preview
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.services.files import AT_ONCE
from rdv_insertion.imports.services.stages import DECIDABLE, advance, defer, lock
from rdv_insertion.kernel import bulk
from rdv_insertion.territory.models import Organisation


@transaction.atomic
def assign(*, run: ImportRun, rows: QuerySet[ImportRow], organisation: Organisation, now: datetime) -> int:
    """Have `organisation` follow the people of `rows` not yet written; how many. Raises WrongStage."""
    lock(run, *DECIDABLE)
    chosen = _waiting(run, rows)
    for row in chosen:
        content = row.content
        content.corrections["organisation"] = organisation.slug
        row.content = content
    _keep(run, chosen, now)
    return len(chosen)


@transaction.atomic
def unassign(*, run: ImportRun, rows: QuerySet[ImportRow], now: datetime) -> int:
    """Have the file and the sectors say again which organisation follows the people of `rows`, of those not
    yet written for which somebody had chosen; how many. Raises WrongStage.
    """
    lock(run, *DECIDABLE)
    chosen = []
    for row in _waiting(run, rows):
        content = row.content
        if content.corrections.pop("organisation", None) is not None:
            row.content = content
            chosen.append(row)
    _keep(run, chosen, now)
    return len(chosen)


def _waiting(run: ImportRun, rows: QuerySet[ImportRow]) -> list[ImportRow]:
    return list(run.rows.filter(pk__in=rows.order_by().values("pk"), written_at=None))


def _keep(run: ImportRun, chosen: Sequence[ImportRow], now: datetime) -> None:
    """Many rows of a large file are checked again by the worker, as the file was."""
    bulk.update_columns(chosen, ["sealed"])
    numbers = {row.number for row in chosen}
    if run.stage == Stage.PREVIEW and len(numbers) > preview.FEW and run.rows.count() > AT_ONCE:
        advance(run, Stage.CHECKING, Stage.PREVIEW, now=now)
        defer(run)
    elif numbers:
        preview.check_again(run, numbers, now=now, says_the_same=True)
