"""What the columns of a file mean: guessed from names seen in the field, corrected by an agent."""

from rdv_insertion.imports.columns.mapping import (
    ADDRESS_PARTS,
    CORRECTABLE,
    FIELD_LABELS,
    HEADER_SEARCHED_IN,
    Header,
    attribute_named,
    check,
    column_letter,
    find_header,
    guess,
    header_at,
    offered_fields,
    repeated,
)
from rdv_insertion.imports.columns.names import name_key

__all__ = [
    "ADDRESS_PARTS",
    "CORRECTABLE",
    "FIELD_LABELS",
    "HEADER_SEARCHED_IN",
    "Header",
    "attribute_named",
    "check",
    "column_letter",
    "find_header",
    "guess",
    "header_at",
    "name_key",
    "offered_fields",
    "repeated",
]
