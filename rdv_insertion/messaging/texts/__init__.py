"""What messages say. Each purpose has a content: the facts that its texts need, and the texts.

What people read is written in Python, sentence by sentence, and translated (`locale/`); what professionals
read is in templates, in French.
"""

from rdv_insertion.messaging.texts.addressee import Addressee, addressee_of
from rdv_insertion.messaging.texts.content import Content, Text
from rdv_insertion.messaging.texts.earlier_slot import EarlierSlotContent
from rdv_insertion.messaging.texts.from_templates import FromTemplates
from rdv_insertion.messaging.texts.invitations.content import InvitationContent
from rdv_insertion.messaging.texts.rdvs.content import RdvContent

__all__ = [
    "Addressee",
    "Content",
    "EarlierSlotContent",
    "FromTemplates",
    "InvitationContent",
    "RdvContent",
    "Text",
    "addressee_of",
]
