"""The preview of a file: its rows understood, checked and kept; and kept right while cells are corrected.

Checking a few rows again gives what checking the whole file would: the rows that a correction may touch are
those that share a key or a known person with it, and they are checked together, in the order of the file.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import F, Func, Q, QuerySet, TextField, Value

from rdv_insertion.imports.columns import Header, header_at
from rdv_insertion.imports.contacts import ContactBook, from_json
from rdv_insertion.imports.content import RowContent
from rdv_insertion.imports.enums import NOT_SELECTABLE, Decision, RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.normalise import Normaliser, gather_rows
from rdv_insertion.imports.preview import checking
from rdv_insertion.imports.preview.checked import CheckedRow
from rdv_insertion.kernel import bulk, dates, phone
from rdv_insertion.kernel.crypto import seal
from rdv_insertion.kernel.memory import without_collector
from rdv_insertion.kernel.text import fold
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.matching import Asked

# Beyond this many rows to check again, the whole file is: its rows are replaced at once.
FEW = 200
_COPIED = (
    "run_id",
    "number",
    "state",
    "organisation_id",
    "sealed",
    "name_key",
    "search_document",
    "keys",
    "to_check",
    "rights_ended",
    "usager_id",
    "same_as",
    "decision",
    "selected",
)


_UPDATED = tuple(name.removesuffix("_id") for name in _COPIED if name not in ("run_id", "number"))


def header_of(run: ImportRun) -> Header:
    """The header of the run's file."""
    return header_at(run.file.rows_of(run.sheet), run.header_row)


@without_collector()
@transaction.atomic
def build(run: ImportRun, *, now: datetime) -> None:
    """Replace the rows of `run` by what its file and columns say now, matched with known people."""
    table = run.file.rows_of(run.sheet)[run.header_row + 1 :]
    texts = gather_rows(table, run.columns)
    rows = [
        CheckedRow(number, RowContent(values=values), _NOBODY)
        for number, values in enumerate(texts, start=run.header_row + 2)
        if values
    ]
    contacts = from_json(run.file.contacts)
    book = ContactBook(contacts, today=dates.today(now)) if contacts else None
    _understand(rows, book, now)
    run.contacts_found = sum(bool(row.content.contacts) for row in rows)
    checking.check(rows, run, today=dates.today(now))
    _replace(run, rows)
    run.stage = Stage.PREVIEW
    run.unknown_tags, run.unknown_referents = checking.unknown_labels(rows, run)
    run.save(update_fields=["stage", "contacts_found", "unknown_tags", "unknown_referents"])


_NOBODY = Asked(Identity())


def _understand(rows: Iterable[CheckedRow], book: ContactBook | None, now: datetime) -> None:
    """Read the texts of each row; `book` completes those of the file, once."""
    normaliser = Normaliser(today=dates.today(now))
    for row in rows:
        content = row.content
        understood = normaliser.row(content.said if content.corrections else content.values)
        identity = understood.identity
        if book is not None:
            content.contacts = book.added_to(identity)
        if content.contacts:
            added = {name: text for name, text in content.contacts.items() if name not in content.corrections}
            identity = Identity.of({**identity.known(), **added})
        content.identity, content.problems = identity, understood.problems
        content.tags, content.referent_email = understood.tags, understood.referent_email
        content.organisation, content.rights_end = understood.organisation, understood.rights_end
        content.changes, content.remarks = [], []
        row.asked = Asked(identity)


def _replace(run: ImportRun, rows: Sequence[CheckedRow]) -> None:
    erase_waiting(run)
    bulk.copy(ImportRow, _COPIED, (_columns(run, row) for row in rows))
    _link_lookalikes(run, rows)


def erase_waiting(run: ImportRun) -> None:
    """Forget the rows that are not written, without reading them: there may be fifty thousand."""
    waiting = "SELECT id FROM imports_importrow WHERE run_id = %s AND written_at IS NULL"
    with connection.cursor() as cursor:
        for table, key in (("imports_importrow_lookalikes", "importrow_id"), ("imports_importrow", "id")):
            cursor.execute(f"DELETE FROM {table} WHERE {key} IN ({waiting})", [run.pk])  # noqa: S608


def _columns(run: ImportRun, row: CheckedRow) -> tuple[Any, ...]:
    """A row as it is stored, in the order of _COPIED."""
    content = row.content
    return (
        run.pk,
        row.number,
        str(row.state),
        row.organisation.pk if row.organisation else None,
        seal(content.as_json()),
        row.asked.folded_name,
        _searched_in(row.asked),
        row.keys,
        content.deserves_a_look,
        row.rights_ended,
        row.usager_id,
        row.same_as,
        str(row.decision),
        row.selected,
    )


def _searched_in(asked: Asked) -> str:
    """Names, address, mail, phone and numbers, folded as what is typed will be; never the NIR."""
    person = asked.identity
    numbers = (person.affiliation_number, person.department_internal_id, person.email)
    words = [asked.folded_name, fold(person.birth_name), fold(person.address)]
    words.append(phone.search_key(person.phone_number))
    return " ".join([*words, *(text.lower() for text in numbers if text)])


def _link_lookalikes(run: ImportRun, rows: Sequence[CheckedRow]) -> None:
    """Keep whom each row to decide looks like; the rows are already written."""
    alike = {row.number: row.lookalikes for row in rows if row.lookalikes and row.known is None}
    if not alike:
        return
    link = ImportRow.lookalikes.through
    known = dict(run.rows.filter(number__in=alike).order_by().values_list("number", "pk"))
    link.objects.bulk_create(
        (
            link(importrow_id=known[number], usager_id=usager)
            for number, several in alike.items()
            for usager in several
        ),
        batch_size=1_000,
        ignore_conflicts=True,
    )


@transaction.atomic
def check_again(
    run: ImportRun, numbers: Collection[int], *, now: datetime, says_the_same: bool = False
) -> None:
    """Check these rows again after a change of what they say, with all those that it may touch.

    Rows already written are left as they are. What somebody decided stays, unless the row now says
    something else of the person (with `says_the_same`, nothing but where they go has changed).
    """
    waiting = run.rows.filter(written_at=None)
    group = set(numbers)
    while True:
        whole = len(group) > FEW
        stored = list((waiting if whole else waiting.filter(number__in=group)).order_by("number"))
        rows = [CheckedRow(one.number, one.content, _NOBODY) for one in stored]
        _understand(rows, None, now)
        checking.check(rows, run, today=dates.today(now))
        joined = set() if whole else _related(waiting, rows, stored) - group
        if not joined:
            break
        group |= joined
    for row, before in zip(rows, stored, strict=True):
        _keep_choices(row, before, changed=before.number in numbers and not says_the_same)
    if whole:
        _replace(run, rows)
    else:
        _update(run, rows, stored)
    tags, referents = checking.unknown_labels(rows, run)
    run.unknown_tags = sorted({*tags, *([] if whole else run.unknown_tags)})
    run.unknown_referents = sorted({*referents, *([] if whole else run.unknown_referents)})
    run.save(update_fields=["unknown_tags", "unknown_referents"])


def _related(
    waiting: QuerySet[ImportRow], rows: Sequence[CheckedRow], stored: Sequence[ImportRow]
) -> set[int]:
    """The numbers of the rows that share a key or a known person with these, as they were or as they are."""
    keys = {key for row in rows for key in row.keys.split()} | {
        key for row in stored for key in row.keys.split()
    }
    usagers = {row.usager_id for row in rows} | {row.usager_id for row in stored}
    numbers = {row.number for row in stored}
    firsts = {row.same_as for row in stored}
    sharing = Q(_keys__overlap=sorted(keys)) | Q(usager__in=usagers - {None})
    split = Func(F("keys"), Value(" "), function="string_to_array", output_field=ArrayField(TextField()))
    related = waiting.annotate(_keys=split).filter(
        sharing | Q(same_as__in=numbers) | Q(number__in=firsts - {None})
    )
    return set(related.order_by().values_list("number", flat=True))


def _keep_choices(row: CheckedRow, before: ImportRow, *, changed: bool) -> None:
    """What somebody said of a row whose texts did not change holds, as long as it makes sense."""
    if changed:
        return
    if row.state == RowState.DUPLICATE and before.state == RowState.DUPLICATE:
        chosen = before.usager_id if before.usager_id in row.lookalikes else None
        if chosen or before.decision == Decision.DIFFERENT:
            row.decision, row.chosen = before.decision, chosen
    if row.state not in NOT_SELECTABLE and before.state not in NOT_SELECTABLE:
        row.selected = before.selected


def _update(run: ImportRun, rows: Sequence[CheckedRow], stored: Sequence[ImportRow]) -> None:
    for row, one in zip(rows, stored, strict=True):
        one.content = row.content
        one.state, one.organisation, one.usager_id = row.state, row.organisation, row.usager_id
        one.name_key, one.search_document = (
            row.asked.folded_name,
            _searched_in(row.asked),
        )
        one.keys, one.to_check, one.rights_ended = row.keys, row.content.deserves_a_look, row.rights_ended
        one.same_as, one.decision, one.selected = row.same_as, row.decision, row.selected
    bulk.update_columns(stored, _UPDATED)
    ImportRow.lookalikes.through.objects.filter(importrow__in=stored).delete()
    _link_lookalikes(run, rows)
