"""How a rdv is told, and how the person is summoned to one."""

from typing import TYPE_CHECKING

from rdv_insertion.messaging.texts.rdvs.convocation import Convocation
from rdv_insertion.messaging.texts.rdvs.rdv import Rdv

if TYPE_CHECKING:
    from rdv_insertion.messaging.texts.rdvs.content import RdvContent


def telling_of(content: "RdvContent", *, briefly: bool = False) -> Rdv:
    """The way to tell this event, with what it has to say in the active language; `briefly` for SMS."""
    return (Convocation if content.convocation else Rdv)(content, briefly=briefly)
