"""Writing many rows at once: new ones by COPY, changed ones in one statement of a few arrays.

Django writes one parameter a value, or arrays whose every quote the driver escapes, and, to update, one CASE
of every row for every column: a minute for 10 000 people.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from types import NoneType
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connection, connections, models

# The values that a column of each of these fields, and of no field made from it, holds unchanged.
_PLAIN: Mapping[type, tuple[type, ...]] = {
    models.CharField: (str, NoneType),
    models.TextField: (str, NoneType),
    models.BooleanField: (bool, NoneType),
    models.PositiveSmallIntegerField: (int, NoneType),
    models.ForeignKey: (int, NoneType),
    models.OneToOneField: (int, NoneType),
}


def insert(rows: Sequence[models.Model]) -> None:
    """Insert these new rows, all of one model, by COPY, the fastest way in, and give them their ids."""
    if not rows:
        return
    model = type(rows[0])
    fields: Sequence[Any] = model._meta.concrete_fields
    for row, key in zip(rows, _new_keys(model, len(rows)), strict=True):
        row.pk = key
    columns = [_values(rows, field) for field in fields]
    copy(model, [field.column for field in fields], zip(*columns, strict=True))


def _new_keys(model: type[models.Model], number: int) -> list[int]:
    """Ids that nobody else will be given."""
    pk: Any = model._meta.pk
    sequence = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
    with connection.cursor() as cursor:
        cursor.execute(sequence, [_table(model._meta), pk.column, number])
        return [key for (key,) in cursor.fetchall()]


def update_columns(rows: Sequence[models.Model], names: Collection[str]) -> None:
    """Write the attributes `names` of `rows`, all of one model and already in the database.

    Columns of lists are refused (TypeError). A row deleted meanwhile is not written.
    """
    if not rows:
        return
    model = type(rows[0])._meta
    fields: list[Any] = [model.pk, *(model.get_field(name) for name in names)]
    key, *columns = (_name(field) for field in fields)
    changes = ", ".join(f"{column} = written.{column}" for column in columns)
    statement = (
        f"UPDATE {_table(model)} AS known SET {changes} "  # noqa: S608 - our own columns' names
        f"FROM unnest({_arrays(fields)}) AS written ({', '.join([key, *columns])}) "
        f"WHERE known.{key} = written.{key}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_values(rows, field) for field in fields])


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of plain values by COPY, the fastest way in: `columns` are attribute names of `model`.

    Columns left out take the default of the database. Values are as the database stores them.
    """
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    statement = f"COPY {_table(model._meta)} ({names}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as target:
        for row in rows:
            target.write_row(row)


def delete(model: type[models.Model], name: str, keys: Collection[int]) -> None:
    """Delete the rows of `model` whose attribute `name` is one of `keys`, in one statement and unread.

    What refers to them is deleted before by the caller: the database checks it when the transaction ends.
    """
    column = connection.ops.quote_name(name)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_table(model._meta)} WHERE {column} = ANY(%s)", [list(keys)])  # noqa: S608


def rows(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows as the driver gives them: for thousands of them, of which nothing is changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def listed(values: Iterable[object]) -> str:
    """Many values as one parameter, for `string_to_array(%s, E'\\n')`: thousands of parameters, or an array
    that the driver writes item by item, take longer than the query. No value may hold a line break.
    """
    return "\n".join(map(str, values))


def _table(model: Any) -> str:
    return connection.ops.quote_name(model.db_table)


def _name(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _arrays(fields: Sequence[Any]) -> str:
    """The parameters, one array a column."""
    if any(isinstance(field, ArrayField) for field in fields):
        raise TypeError("columns of lists cannot be written together: PostgreSQL would mix their items")
    return ", ".join(f"%s::{_type(field)}[]" for field in fields)


def _type(field: Any) -> str:
    """Without its length: a cast to varchar(100) cuts in silence, the column refuses what is too long."""
    return re.sub(r"\(.*\)", "", str(field.db_type(connection)))


def _values(rows: Sequence[models.Model], field: Any) -> list[Any]:
    """As the driver takes them. What it takes as it is, most of a message, is not prepared value by value."""
    plain, database = _PLAIN.get(type(field), ()), connections[DEFAULT_DB_ALIAS]
    return [
        value if type(value) in plain else field.get_db_prep_save(value, database)
        for value in map(attrgetter(field.attname), rows)
    ]
