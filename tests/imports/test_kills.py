"""The kills of benchmarks/import_kills.py, small: real workers, real SIGKILL."""

import pytest

from benchmarks.import_kills import broken_and_unbroken
from rdv_insertion.imports.enums import RowState
from rdv_insertion.imports.models import ImportRow

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_that_is_killed_again_and_again_ends_as_one_that_never_was():
    finished = broken_and_unbroken(rows=1_200, kills=2)
    assert finished.kills
    assert finished.differences == []
    assert ImportRow.objects.filter(state=RowState.CREATED).count() == 2 * 900
