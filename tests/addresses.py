"""A national address base on this machine for tests: import the `address_base` fixture in a conftest.

def test_something(address_base):
    address_base.script.next(Behaviour.SERVER_ERROR)
    ...
    assert address_base.asked[0]["q"] == "…"
"""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from demo.providers.addresses import AddressBase
from demo.providers.script import Behaviour
from rdv_insertion.territory.addresses import national

__all__ = ["AddressBase", "Behaviour", "address_base"]


@pytest.fixture
def address_base(settings: LazySettings) -> Iterator[AddressBase]:
    """The base on a free port, that the product is set to ask."""
    with AddressBase() as base:
        settings.ADDRESS_API_URL, settings.ADDRESS_API_TIMEOUT = base.url, 0.3
        national.start_afresh()
        yield base
        national.start_afresh()
