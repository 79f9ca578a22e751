"""A reduced number of the damaged files; the 2 000 of `design/quality.md` are read by the script.

python -m tests.imports.reading_damaged 2000
"""

from datetime import datetime

import pytest
import time_machine

from tests.imports.damaged import DamagedFile, damaged_file, damaged_files, family_of
from tests.imports.reading_damaged import outcome_of
from tests.imports.sound_files import sound

_COUNT = 150
# Whatever chance did to them, these families never give anything to import.
_NEVER_READ = {
    "HTML named .xls",
    "zip bombs, deep",
    "zip bombs, wide",
    "zip bombs, overlapping",
    "XXE",
    "billion laughs",
    "too many columns",
    "cells of 1 MB",
    "too many sheets",
    "passwords",
    "archives that are no workbooks",
}


@pytest.mark.parametrize("name", sorted(sound()))
def test_the_files_that_are_damaged_are_sound_before(name: str):
    assert outcome_of(DamagedFile(name, "sound", sound()[name])) == ""


@pytest.mark.parametrize("number", range(_COUNT), ids=lambda number: f"{number}-{family_of(number)}")
def test_a_damaged_file_gives_tables_or_a_french_sentence(number: int):
    damaged = damaged_file(number)
    sentence = outcome_of(damaged)
    assert sentence or damaged.family not in _NEVER_READ


def test_the_same_files_come_for_the_same_seed():
    with time_machine.travel(datetime(2026, 3, 3)):
        before = list(damaged_files(60))
    with time_machine.travel(datetime(2027, 3, 3)):
        assert list(damaged_files(60)) == before
    assert list(damaged_files(60, seed=1)) != before
