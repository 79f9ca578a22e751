"""Reading several things as they were at one moment, while workers go on writing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.http import HttpRequest

_READS = ("GET", "HEAD")


@contextmanager
def one_moment() -> Iterator[None]:
    """What is read inside was all true at the same moment; nothing may be written.

    For pages that compare what a worker is doing: read one after the other, « still at work » and « no job
    left » can both be seen of a work that ended between the two. Inside a transaction that has already
    begun, nothing changes.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def one_moment_if_reading(request: HttpRequest) -> Iterator[None]:
    """`one_moment` for a page that is looked at; a form that is sent reads and writes as usual."""
    if request.method in _READS:
        with one_moment():
            yield
    else:
        yield
