"""The report of an import: a spreadsheet with a line a row, what became of it and why.

Rows leave memory as they are written. Texts stay texts: a name that begins with `=` is no formula. No NIR
leaves, not even one typed in the wrong column.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from tempfile import TemporaryDirectory
from typing import IO, Any, NamedTuple

import xlsxwriter

from rdv_insertion.imports.columns import FIELD_LABELS
from rdv_insertion.imports.content import RowContent
from rdv_insertion.imports.enums import WRITABLE, Decision, RowState, Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.normalise import Problem, ProblemKind
from rdv_insertion.imports.results import counts_by_state, messages_of, words_of
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel import dates, phone
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.identity import forbidden_attributes

REPORTED = (Stage.PREVIEW, Stage.WRITING, Stage.WRITTEN, Stage.INVITING, Stage.DONE)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | date | None

_BLOCK = 2_000
# What a spreadsheet holds in one cell.
_LONGEST_TEXT = 32_767
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "default_date_format": "dd/mm/yyyy",
}
_NIR = re.compile(
    r"(?<!\d)[1-478](?:[ .]?\d{2}){2}[ .]?(?:\d{2}|2[AB])(?:[ .]?\d{3}){2}(?:[ .]?\d{2})?(?!\d)",
    re.IGNORECASE,
)
_HIDDEN = "(NIR non affiché)"
_LONG_ENOUGH = 13
_BEFORE = (Stage.PREVIEW, Stage.WRITING)


@dataclass(frozen=True)
class _Column:
    title: str
    width: int


def write_report(run: ImportRun, file: IO[bytes], *, now: datetime) -> None:
    """Write the report of `run` as it is at `now` to `file`: a summary, then a line a row."""
    with TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(file, {**_OPTIONS, "tmpdir": folder})
        title = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        _write_summary(book.add_worksheet("Résumé"), run, title, now)
        _write_rows(book.add_worksheet("Lignes"), run, title)
        book.close()


def report_name(run: ImportRun) -> str:
    """`rapport-liste-mars.xlsx`, from the name of the file given."""
    stem = re.sub(r"[^\w-]+", "-", PurePath(run.file_name).stem).strip("-")[:60]
    return f"rapport-{stem or 'import'}.xlsx"


def _write_summary(sheet: Any, run: ImportRun, title: Any, now: datetime) -> None:
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, 1, 80)
    for place, (name, value) in enumerate(_summary(run, now)):
        sheet.write_string(place, 0, name, title)
        _write(sheet, place, 1, value)


def _summary(run: ImportRun, now: datetime) -> Iterator[tuple[str, Cell]]:
    before = run.stage in _BEFORE
    yield "Ce rapport dit", "ce qui serait fait : rien n'est enregistré." if before else "ce qui a été fait."
    yield from ((name, value) for name, value in _origin(run, now).items() if value)
    counts = counts_by_state(run)
    yield "Lignes", sum(counts.values())
    for state in RowState:
        if counts.get(state):
            yield f"  {state.label}", counts[state]
    sent = messages_of(run) if run.invited_at else {}
    for channel in Channel:
        for status, count in sorted(sent.get(channel, {}).items()):
            yield f"  {channel.label} : {words_of(status).lower()}", count


def _origin(run: ImportRun, now: datetime) -> dict[str, str]:
    """Who, when, which file; blank where there is nothing to say."""
    zone = run.organisation.time_zone

    def moment(at: datetime | None) -> str:
        return dates.long_moment(at, zone) if at else ""

    return {
        "Établi": moment(now),
        "Fichier": run.file_name,
        "Empreinte du fichier (SHA-256)": run.fingerprint,
        "Feuille": run.sheet,
        "Flux de la CNAF": run.flow,
        "Fichier de contacts": run.contacts_name,
        "Organisation": run.organisation.name,
        "Catégorie": run.motif_category.name if run.motif_category else "Sans catégorie",
        "Importé par": str(run.agent or run.get_origin_display()),
        "Déposé": moment(run.created_at),
        "Enregistré": moment(run.written_at),
        "Invitations envoyées": moment(run.invited_at),
    }


def _columns(run: ImportRun, *, internal_id: bool) -> list[_Column]:
    before = run.stage in _BEFORE
    columns = [
        _Column("Ligne", 7),
        _Column("État", 30),
        _Column("Organisation", 28),
        _Column("Nom", 20),
        _Column("Prénom", 18),
        _Column("Date de naissance", 12),
        _Column("Numéro CAF ou MSA", 14),
        _Column("Adresse mail", 28),
        _Column("Téléphone", 16),
        _Column("Adresse", 36),
        _Column("Ce qui changerait" if before else "Ce qui change", 28),
        _Column("Remarques", 50),
        _Column("Valeurs refusées", 50),
    ]
    if internal_id:
        columns.insert(7, _Column("Identifiant interne", 18))
    if run.motif_category_id is not None:
        columns += [_Column(f"Invitation par {channel.noun}", 28) for channel in Channel]
    return columns


def _write_rows(sheet: Any, run: ImportRun, title: Any) -> None:
    organisations = _organisations(run)
    internal_id = any(not _hides_internal_id(one) for one in organisations.values())
    columns = _columns(run, internal_id=internal_id)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.title, title)
    sheet.freeze_panes(1, 0)
    line = 0
    for rows in _blocks(run):
        invited = _invited(run, rows)
        for row in rows:
            line += 1
            organisation = organisations.get(row.organisation_id or 0)
            cells = _cells(row, organisation or run.organisation, organisation, internal_id=internal_id)
            if run.motif_category_id is not None:
                cells += _invitations(row, invited)
            for place, cell in enumerate(cells):
                if cell:
                    _write(sheet, line, place, cell)
    sheet.autofilter(0, 0, max(line, 1), len(columns) - 1)


def _write(sheet: Any, line: int, place: int, cell: Cell) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, place, cell[:_LONGEST_TEXT])
    elif isinstance(cell, date):
        sheet.write_datetime(line, place, cell)
    elif cell is not None:
        sheet.write_number(line, place, cell)


def _organisations(run: ImportRun) -> dict[int, Organisation]:
    named = run.rows.exclude(organisation=None).order_by().values("organisation").distinct()
    known = {one.pk: one for one in Organisation.objects.filter(pk__in=named)}
    return known or {run.organisation_id: run.organisation}


def _hides_internal_id(organisation: Organisation) -> bool:
    return "department_internal_id" in forbidden_attributes(organisation.organisation_type)


class _Row(NamedTuple):
    """What is read of a row: plain values, since objects of models cost as much as writing the line."""

    number: int
    state: str
    organisation_id: int | None
    sealed: dict[str, Any]
    rights_ended: bool
    usager_id: int | None
    same_as: int | None
    decision: str
    selected: bool
    written_at: datetime | None
    refusals: dict[str, str]
    invited_at: datetime | None


def _blocks(run: ImportRun) -> Iterator[list[_Row]]:
    """The rows in the order of the file, a few at a time; by number, so that no cursor is held open."""
    known = run.rows.order_by("number").values_list(*_Row._fields)
    rows = [_Row._make(values) for values in known[:_BLOCK]]
    while rows:
        yield rows
        rows = [_Row._make(values) for values in known.filter(number__gt=rows[-1].number)[:_BLOCK]]


def _cells(
    row: _Row, holder: Organisation, organisation: Organisation | None, *, internal_id: bool
) -> list[Cell]:
    """What a line says, invitations aside. `holder` is the organisation whose type says what may be shown."""
    content = RowContent.from_json(row.sealed)
    person, forbidden = content.identity, forbidden_attributes(holder.organisation_type)
    problems = [one for one in content.problems if one.attribute not in forbidden]
    cells: list[Cell] = [
        row.number,
        _state(row),
        organisation.name if organisation else "",
        person.last_name,
        person.first_name,
        person.birth_date,
        _without_nir(person.affiliation_number),
        person.email,
        phone.display(person.phone_number) if person.phone_number else None,
        _without_nir(person.address),
        ", ".join(FIELD_LABELS[name] for name in content.changes if name not in forbidden),
        _without_nir(_remarks(content, problems)),
        _without_nir(" ; ".join(_refused(one) for one in problems if one.kind == ProblemKind.REFUSED)),
    ]
    if internal_id:
        known = None if "department_internal_id" in forbidden else person.department_internal_id
        cells.insert(7, _without_nir(known))
    return cells


def _state(row: _Row) -> str:
    state = RowState(row.state)
    if state == RowState.MERGED:
        return f"Même personne que la ligne {row.same_as}"
    if state == RowState.DUPLICATE:
        return f"{state.label} : {_DECIDED[Decision(row.decision)]}"
    if state in WRITABLE and row.written_at is None and not row.selected:
        return "Laissé de côté : droits fermés" if row.rights_ended else "Laissé de côté"
    return str(state.label)


_DECIDED = {
    Decision.SAME: "c'est la même personne",
    Decision.DIFFERENT: "c'est une autre personne",
    Decision.LATER: "à décider",
}


def _remarks(content: RowContent, problems: Iterable[Problem]) -> str:
    said = [
        f"{FIELD_LABELS[one.attribute]} : {one.sentence}."
        for one in problems
        if one.kind != ProblemKind.REFUSED
    ]
    corrected = [FIELD_LABELS[name] for name in content.corrections if name in FIELD_LABELS]
    if corrected:
        said.append(f"Corrigé à la vérification : {', '.join(corrected)}.")
    return " ".join([*content.remarks, *said])


def _refused(problem: Problem) -> str:
    raw = f" « {problem.raw} »" if problem.raw else ""
    return f"{FIELD_LABELS[problem.attribute]}{raw} : {problem.sentence}"


def _without_nir(text: str | None) -> str | None:
    """`text`, in which a number of social security, typed where it should not be, is not shown."""
    return _NIR.sub(_HIDDEN, text) if text and len(text) >= _LONG_ENOUGH else text


def _invited(run: ImportRun, rows: Sequence[_Row]) -> Mapping[int, Mapping[str, str]]:
    """By person, then by channel: what became of the invitations of these rows. One query, none before."""
    moments = {row.usager_id: row.invited_at for row in rows if row.invited_at and row.usager_id}
    if not moments:
        return {}
    sent = Invitation.objects.filter(
        origin=InvitationOrigin.USER_LIST_UPLOAD,
        follow_up__motif_category=run.motif_category_id,
        follow_up__usager__in=moments,
        created_at__in=set(moments.values()),
    ).order_by()
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    named = ("follow_up__usager", "channel", "created_at", "message__status", "message__failure")
    for usager, channel, created_at, status, failure in sent.values_list(*named):
        if created_at == moments[usager]:
            found[usager][channel] = words_of(status, failure or "")
    return found


def _invitations(row: _Row, invited: Mapping[int, Mapping[str, str]]) -> list[Cell]:
    if row.invited_at is None:
        return []
    sent = invited.get(row.usager_id or 0, {})
    return [sent.get(channel) or _refusal(row.refusals.get(channel)) for channel in Channel]


def _refusal(reason: str | None) -> str:
    return f"Pas invité : {Refusal(reason).label}" if reason else ""
