"""What agents say of the rows of a preview: who is who, what a cell should say, which to write."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from rdv_insertion.imports import preview
from rdv_insertion.imports.columns import CORRECTABLE
from rdv_insertion.imports.enums import NOT_SELECTABLE, Decision, RowState
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.services.stages import DECIDABLE, WrongStage, lock
from rdv_insertion.usagers.identity import forbidden_attributes

_LONGEST_TEXT = 500


@transaction.atomic
def decide(*, row: ImportRow, decision: str, usager_id: int | None = None) -> None:
    """Take down what an agent says of a possible duplicate: which known person it is, nobody known, or later.

    Raises WrongStage when the row is no possible duplicate any more, or `usager_id` not one it looks like.
    """
    lock(row.run, *DECIDABLE)
    row.refresh_from_db(fields=["state"])
    same = decision == Decision.SAME
    chosen = row.lookalikes.filter(pk=usager_id).first() if same and usager_id else None
    if row.state != RowState.DUPLICATE or (same and chosen is None):
        raise WrongStage
    row.decision, row.usager, row.written_at = decision, chosen, None
    row.save(update_fields=["decision", "usager", "written_at"])


@transaction.atomic
def select(*, row: ImportRow, selected: bool) -> None:
    """Choose to write a row, or to leave it alone. Raises WrongStage once it is written."""
    lock(row.run, *DECIDABLE)
    if not selectable_rows(row.run).filter(pk=row.pk).update(selected=selected):
        raise WrongStage


@transaction.atomic
def select_all(*, run: ImportRun, rows: QuerySet[ImportRow], selected: bool) -> int:
    """Choose, or leave alone, all of `rows` that may be; how many changed. Raises WrongStage."""
    lock(run, *DECIDABLE)
    return (
        selectable_rows(run)
        .filter(pk__in=rows.order_by().values("pk"))
        .exclude(selected=selected)
        .update(selected=selected)
    )


def selectable_rows(run: ImportRun) -> QuerySet[ImportRow]:
    """The rows of a run that may be chosen or left alone: not written, nothing missing."""
    return run.rows.filter(written_at=None).exclude(state__in=NOT_SELECTABLE)


@transaction.atomic
def correct(*, row: ImportRow, attribute: str, text: str, now: datetime) -> None:
    """Take `text` for what the row should say of `attribute`, and check again what it touches.

    A blank erases what is known of the person; the text of the file takes the correction back. Raises
    WrongStage once the row is written, ValueError for an attribute that this organisation may not hold.
    """
    lock(row.run, *DECIDABLE)
    row = (
        ImportRow.objects.select_for_update(of=("self",)).select_related("organisation", "run").get(pk=row.pk)
    )
    if row.written_at is not None:
        raise WrongStage
    kind = (row.organisation or row.run.organisation).organisation_type
    if attribute not in CORRECTABLE or attribute in forbidden_attributes(kind):
        raise ValueError(attribute)
    content = row.content
    typed = text.strip()[:_LONGEST_TEXT]
    if typed == content.values.get(attribute, "") and attribute not in content.contacts:
        content.corrections.pop(attribute, None)
    else:
        content.corrections[attribute] = typed
    row.content = content
    row.save(update_fields=["sealed"])
    preview.check_again(row.run, {row.number}, now=now)
