"""How a rdv is told, and how the person is summoned to one."""

from typing import TYPE_CHECKING

from rdv_insertion.messaging.texts.rdvs.convocation import Convocation
from rdv_insertion.messaging.texts.rdvs.rdv import Rdv

if TYPE_CHECKING:
    from rdv_insertion.messaging.texts.rdv import RdvContent


def telling_of(content: "RdvContent") -> Rdv:
    """The way to tell this event, with what it has to say in the active language."""
    return Convocation(content) if content.convocation else Rdv(content)
