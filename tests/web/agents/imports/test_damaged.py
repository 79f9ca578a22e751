"""The damaged files of benchmarks/damaged_files.py, a few of each kind: a sentence each, nobody written."""

from benchmarks.damaged_files import give
from tests.imports.damaged import damaged_files


def test_damaged_files_get_a_sentence_or_a_preview_and_write_nobody(agent, configuration):
    outcomes = give(damaged_files(90, seed=4), agent)
    assert outcomes.keys() <= {"refused", "previewed", "read, columns to name"}
    assert outcomes["refused"] > 45
    assert outcomes["previewed"] > 3
