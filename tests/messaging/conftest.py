"""What the tests of messages share: real providers, and a draft that is easy to vary."""

from collections.abc import Callable
from typing import Any

import pytest

from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.services import Draft
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager
from tests.factories import UsagerFactory
from tests.messaging.contents import invitation
from tests.providers import providers

__all__ = ["providers"]

DraftOf = Callable[..., Draft]


@pytest.fixture
def usager(organisation: Organisation) -> Usager:
    """A person with a mobile, a mail and an address."""
    return UsagerFactory(organisation=organisation)


@pytest.fixture
def draft(organisation: Organisation, usager: Usager) -> DraftOf:
    """`draft()` is an invitation by SMS to `usager`; anything may be given otherwise."""

    def build(**changes: Any) -> Draft:
        values: dict[str, Any] = {
            "organisation": organisation,
            "to": usager,
            "purpose": Purpose.INVITATION,
            "channel": Channel.SMS,
            "about": "invitation-ABCDEFGH",
            "content": invitation(),
        }
        return Draft(**{**values, **changes})

    return build
