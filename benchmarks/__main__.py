"""Run the benchmarks on a database of their own, created and dropped here, and print one table."""

import os
import sys
import time
from collections.abc import Callable
from importlib import import_module

import django
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from benchmarks.measure import Figure, table

# One module a group of figures; loaded once Django is ready.
BENCHMARKS = (
    "creneaux",
    "bookings",
    "agenda_load",
    "flow",
    "imports",
    "import_kills",
    "damaged_files",
    "invitations",
    "letters",
    "messages",
    "message_faults",
)


def main(names: list[str]) -> None:
    """Measure the benchmarks named, all when none is, each on an empty base."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise SystemExit(f"Unknown: {', '.join(unknown)}. Known: {', '.join(BENCHMARKS)}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()
    connection.settings_dict["TEST"]["NAME"] = "benchmarks"
    began = time.perf_counter()
    figures: list[Figure] = []
    for name in names or BENCHMARKS:
        measure: Callable[[], list[Figure]] = import_module(f"benchmarks.{name}").measure
        databases = setup_databases(verbosity=0, interactive=False)
        try:
            figures += measure()
        finally:
            teardown_databases(databases, verbosity=0)
    print(table(figures))
    print(f"\n{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main(sys.argv[1:])
