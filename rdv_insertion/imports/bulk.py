"""Thousands of rows in one statement of a few arrays.

Django writes one parameter per value and, to update, one CASE per row: ten times slower for the rows of an
import, which are many and wide.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

from rdv_insertion.imports.models import ImportRow


def insert_rows(rows: Sequence[ImportRow]) -> None:
    """Insert these new rows, and give them their ids."""
    fields = [field for field in ImportRow._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(map(_name, fields))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table()} ({columns}) SELECT * FROM {_unnest(fields)} RETURNING id",  # noqa: S608
            _arrays(rows, fields),
        )
        for row, (row_id,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = row_id


def update_rows(rows: Sequence[ImportRow], names: Sequence[str]) -> None:
    """Write these attributes of these rows."""
    if not rows:
        return
    fields = [ImportRow._meta.pk, *map(ImportRow._meta.get_field, names)]
    changes = ", ".join(f"{_name(field)} = given.{_name(field)}" for field in fields[1:])
    given = f"{_unnest(fields)} AS given ({', '.join(map(_name, fields))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_table()} AS r SET {changes} FROM {given} WHERE r.id = given.id",  # noqa: S608
            _arrays(rows, fields),
        )


def _table() -> str:
    return connection.ops.quote_name(ImportRow._meta.db_table)


def _name(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _unnest(fields: Sequence[Any]) -> str:
    return f"unnest({', '.join(f'%s::{field.cast_db_type(connection)}[]' for field in fields)})"


def _arrays(rows: Sequence[models.Model], fields: Sequence[Any]) -> list[list[Any]]:
    return [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in fields
    ]
