"""The steps of an import: each a function that the page, the command, the folder and the queue call alike."""

from rdv_insertion.imports.services.assigning import assign, unassign
from rdv_insertion.imports.services.files import (
    File,
    UnreadableContacts,
    check,
    choose_table,
    mapping_for,
    set_columns,
    start,
)
from rdv_insertion.imports.services.labels import add_referents, create_tags
from rdv_insertion.imports.services.rows import correct, decide, select, select_all
from rdv_insertion.imports.services.stages import DECIDABLE, WrongStage, has_job, start_again
from rdv_insertion.imports.services.undoing import undo_creations, undo_plan, undoable_rows, undoable_until
from rdv_insertion.imports.services.work import (
    finish_without_inviting,
    invitable_rows,
    start_inviting,
    start_writing,
)

__all__ = [
    "DECIDABLE",
    "File",
    "UnreadableContacts",
    "WrongStage",
    "add_referents",
    "assign",
    "check",
    "choose_table",
    "correct",
    "create_tags",
    "decide",
    "finish_without_inviting",
    "has_job",
    "invitable_rows",
    "mapping_for",
    "select",
    "select_all",
    "set_columns",
    "start",
    "start_again",
    "start_inviting",
    "start_writing",
    "unassign",
    "undo_creations",
    "undo_plan",
    "undoable_rows",
    "undoable_until",
]
