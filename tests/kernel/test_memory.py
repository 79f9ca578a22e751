import gc

import pytest

from rdv_insertion.kernel.memory import without_collector


def test_cycles_are_left_alone_during_the_block_and_collected_again_after_even_after_an_error():
    with pytest.raises(ZeroDivisionError), without_collector():
        assert not gc.isenabled()
        _ = 1 / 0
    assert gc.isenabled()


def test_a_block_inside_another_changes_nothing():
    with without_collector():
        with without_collector():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
