"""How each template model says an invitation (reference/rdv_insertion.md § 3)."""

from typing import TYPE_CHECKING

from rdv_insertion.messaging.enums import TemplateModel
from rdv_insertion.messaging.texts.invitations.atelier import Atelier
from rdv_insertion.messaging.texts.invitations.enfants_ados import EnfantsAdos
from rdv_insertion.messaging.texts.invitations.phone_platform import PhonePlatform
from rdv_insertion.messaging.texts.invitations.standard import Standard

if TYPE_CHECKING:
    from rdv_insertion.messaging.texts.invitations.content import InvitationContent

_MODELS: dict[str, type[Standard]] = {
    TemplateModel.STANDARD: Standard,
    TemplateModel.ATELIER: Atelier,
    TemplateModel.PHONE_PLATFORM: PhonePlatform,
    TemplateModel.ATELIER_ENFANTS_ADOS: EnfantsAdos,
}


def model_of(content: "InvitationContent") -> Standard:
    """The model of its category, with what it has to say in the active language."""
    return _MODELS[content.words.model](content)
