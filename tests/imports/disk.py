"""A disk that fails as real ones do."""

import gc
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

full_disk = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@contextmanager
def no_room_on_disk(size: int = 512) -> Iterator[None]:
    """Files of this process may not grow beyond `size` bytes: writing more fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        # What the library of spreadsheets leaves open behind its failure is told now, to this test.
        gc.collect()


@contextmanager
def as_nobody() -> Iterator[None]:
    """The rights of an ordinary account, when tests run as root, whom nothing is forbidden."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
