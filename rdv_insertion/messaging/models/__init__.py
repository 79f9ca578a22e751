from rdv_insertion.messaging.models.identity import MessagesConfiguration, Picture
from rdv_insertion.messaging.models.messages import Message, MessageQuerySet
from rdv_insertion.messaging.models.refusals import RefusedContact
from rdv_insertion.messaging.models.sending import (
    ChannelPause,
    ProviderHealth,
    SendingConfiguration,
    SmsBudget,
)

__all__ = [
    "ChannelPause",
    "Message",
    "MessageQuerySet",
    "MessagesConfiguration",
    "Picture",
    "ProviderHealth",
    "RefusedContact",
    "SendingConfiguration",
    "SmsBudget",
]
