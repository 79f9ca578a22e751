"""What each row would do: the same function for a whole file and for the few rows that a correction touches.

A constant number of queries, whatever the number of rows.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rdv_insertion.agents.models import Agent
from rdv_insertion.imports.enums import NOT_SELECTABLE, RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.normalise import ENDED
from rdv_insertion.imports.preview import destinations
from rdv_insertion.imports.preview.checked import CheckedRow
from rdv_insertion.kernel import bulk
from rdv_insertion.kernel.text import fold
from rdv_insertion.usagers.identity import Identity, forbidden_attributes
from rdv_insertion.usagers.matching import Asked, Known, match, same_person
from rdv_insertion.usagers.models import Tag, Usager
from rdv_insertion.usagers.services import MissingIdentity, check_identity

_ARCHIVED = "Cette personne est archivée dans l'organisation. Cochez la ligne pour la désarchiver."
_CLOSED = "Le suivi de cette personne est clos dans cette catégorie. Cochez la ligne pour le rouvrir."
_ELSEWHERE = "Cette personne est suivie par une autre organisation du département. Vous la suivrez aussi."
# Attributes of words, of which case, accents and punctuation do not count.
_SPELLED = frozenset({"last_name", "first_name", "birth_name", "address"})


def check(rows: Sequence[CheckedRow], run: ImportRun, *, today: date) -> None:
    """Say of each row what would become of it. Rows come understood, in the order of the file."""
    destinations.assign(rows, run)
    _leave_out_forbidden(rows, run)
    _merge_rows_of_one_person(rows, run)
    _recognise(rows, run)
    _refuse_shared_keys(rows)
    _leave_alone(rows, run, today)


def _leave_out_forbidden(rows: Sequence[CheckedRow], run: ImportRun) -> None:
    """What the type of the organisation may not hold is neither compared nor kept."""
    for row in rows:
        forbidden = forbidden_attributes((row.organisation or run.organisation).organisation_type)
        if forbidden:
            for said in (row.content.values, row.content.corrections):
                for name in forbidden & said.keys():
                    del said[name]
            row.content.problems = [one for one in row.content.problems if one.attribute not in forbidden]
            _change_identity(row, row.content.identity.without(forbidden))


def _change_identity(row: CheckedRow, identity: Identity) -> None:
    row.content.identity = identity
    row.asked = Asked(identity)


def _merge_rows_of_one_person(rows: Sequence[CheckedRow], run: ImportRun) -> None:
    for place, first in same_person([row.asked for row in rows], run.organisation.department).items():
        _merge(rows[place], rows[first])


def _merge(row: CheckedRow, first: CheckedRow) -> None:
    """The first row of a person speaks for all, with what the others add."""
    completed = first.content.identity.completed_by(row.content.identity)
    if completed != first.content.identity:
        _change_identity(first, completed)
    first.content.tags = list(dict.fromkeys([*first.content.tags, *row.content.tags]))
    row.state, row.same_as, row.content.remarks = RowState.MERGED, first.number, []
    row.known, row.chosen, row.lookalikes = None, None, []


def _recognise(rows: Sequence[CheckedRow], run: ImportRun) -> None:
    """Look everybody up; rows that nothing relates but that are one known person are merged too."""
    alone = [row for row in rows if not row.is_merged]
    first_of: dict[int, CheckedRow] = {}
    for row, found in zip(
        alone, match([row.asked for row in alone], run.organisation.department), strict=True
    ):
        row.known, row.lookalikes = found.known, found.lookalikes
        first = first_of.setdefault(found.known.pk, row) if found.known else row
        if first is not row:
            _merge(row, first)
        else:
            row.content.remarks += found.doubts
    for row in alone:
        if not row.is_merged:
            _decide(row)


def _decide(row: CheckedRow) -> None:
    """To create, to update, unchanged, to decide or wrong; what waits for its organisation still waits."""
    row.content.changes = changes(row.known, row.asked, row.content.corrections) if row.known else []
    if row.known is None and (missing := _missing(row.content.identity)):
        row.state, row.content.remarks = RowState.ERROR, [missing]
    elif row.state == RowState.UNASSIGNED:
        return
    elif row.known:
        row.state = RowState.TO_UPDATE if row.content.changes else RowState.UNCHANGED
    elif row.lookalikes:
        row.state = RowState.DUPLICATE
    else:
        row.state = RowState.TO_CREATE


def changes(known: Known | Usager, asked: Asked, corrections: Mapping[str, str]) -> list[str]:
    """The attributes of a known person that the row would change, or erase.

    Another spelling of the same words is no change (files are in capitals, without accents), unless an agent
    typed it.
    """
    changed = [
        name
        for name, value in asked.identity.known().items()
        if _differs(known, asked, name, value, typed=name in corrections)
    ]
    erased = [name for name, text in corrections.items() if not text and name in Known._fields]
    return changed + [name for name in erased if getattr(known, name)]


def _differs(known: Known | Usager, asked: Asked, name: str, value: Any, *, typed: bool) -> bool:
    if name == "nir":
        return asked.keys[0] != known.nir_index
    before = getattr(known, name)
    if before == value:
        return False
    return typed or name not in _SPELLED or fold(before) != fold(value)


def _missing(person: Identity) -> str:
    """What this person lacks to be created, as a French sentence, or an empty string."""
    names = {"le nom": person.last_name, "le prénom": person.first_name}
    absent = [label for label, name in names.items() if not name]
    if absent:
        return f"Il manque {' et '.join(absent)}."
    try:
        check_identity(person)
    except MissingIdentity as error:
        return str(error)
    return ""


def _refuse_shared_keys(rows: Sequence[CheckedRow]) -> None:
    """Two different people of one file cannot have one NIR or one internal identifier."""
    first_with: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.state in (RowState.MERGED, RowState.ERROR):
            continue
        nir_index, internal_id, *_ = row.asked.keys
        given = [
            (label, key) for label, key in (("NIR", nir_index), ("identifiant interne", internal_id)) if key
        ]
        shared = next((one for one in given if one in first_with), None)
        if shared:
            row.state, row.known = RowState.ERROR, None
            row.content.remarks = [
                f"La ligne {first_with[shared]} donne le même {shared[0]} à une autre personne. Corrigez-les."
            ]
        else:
            first_with |= dict.fromkeys(given, row.number)


def _leave_alone(rows: Sequence[CheckedRow], run: ImportRun, today: date) -> None:
    """Archived people, closed follow-ups and ended rights are left alone, unless somebody chooses them."""
    known = [row.known.pk for row in rows if row.known]
    archived_at = _archived_at(known)
    closed = _closed(run, known)
    for row in rows:
        rights_end = row.content.rights_end
        row.rights_ended = bool(rights_end) and (rights_end == ENDED or rights_end <= today.isoformat())
        row.selected = row.state not in NOT_SELECTABLE and not row.rights_ended
        if row.known and row.organisation:
            followed = archived_at.get(row.known.pk, {})
            archived = followed.get(row.organisation.pk) is not None
            facts = {
                _ELSEWHERE: row.organisation.pk not in followed,
                _ARCHIVED: archived,
                _CLOSED: row.known.pk in closed,
            }
            row.content.remarks += [remark for remark, applies in facts.items() if applies]
            row.selected = row.selected and not archived and row.known.pk not in closed


def _archived_at(usagers: Sequence[int]) -> Mapping[int, Mapping[int, object]]:
    """By person, then by organisation that follows them: when it archived them, if it did."""
    memberships: dict[int, dict[int, object]] = {}
    statement = (
        "SELECT usager_id, organisation_id, archived_at FROM usagers_usagerorganisation "
        "WHERE usager_id = ANY(%s)"
    )
    for usager, organisation, archived_at in bulk.rows(statement, [list(usagers)]) if usagers else ():
        memberships.setdefault(usager, {})[organisation] = archived_at
    return memberships


def _closed(run: ImportRun, usagers: Sequence[int]) -> set[int]:
    """The people whose follow-up in the category of the run is closed."""
    statement = (
        "SELECT usager_id FROM followups_followup "
        "WHERE motif_category_id = %s AND closed_at IS NOT NULL AND usager_id = ANY(%s)"
    )
    if run.motif_category_id is None or not usagers:
        return set()
    return {usager for (usager,) in bulk.rows(statement, [run.motif_category_id, list(usagers)])}


def unknown_labels(rows: Sequence[CheckedRow], run: ImportRun) -> tuple[list[str], list[str]]:
    """The tags and the mails of referents that nobody created, each once, in alphabetical order."""
    tags = {tag for row in rows for tag in row.content.tags}
    mails = {row.content.referent_email for row in rows} - {""}
    known_tags = Tag.objects.filter(department=run.organisation.department_id, value__in=tags)
    organisations = {row.organisation.pk for row in rows if row.organisation} | {run.organisation_id}
    agents = Agent.objects.filter(email__in=mails, roles__organisation__in=organisations)
    return (
        sorted(tags - set(known_tags.values_list("value", flat=True))) if tags else [],
        sorted(mails - set(agents.values_list("email", flat=True))) if mails else [],
    )
