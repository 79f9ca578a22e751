"""What messages say. Each purpose has a content: the facts that its texts need, and the texts."""

from rdv_insertion.messaging.texts.content import Content, Text
from rdv_insertion.messaging.texts.from_templates import FromTemplates

__all__ = ["Content", "FromTemplates", "Text"]
