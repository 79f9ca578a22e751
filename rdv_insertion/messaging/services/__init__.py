"""What the rest of the product asks of messages: write, send, send again."""

from rdv_insertion.messaging.drafts import Draft, addresses_of, channels_for, key_of
from rdv_insertion.messaging.providers import forget_transports
from rdv_insertion.messaging.services.pauses import pause, resume
from rdv_insertion.messaging.services.printing import mark_printed
from rdv_insertion.messaging.services.providers import choose_providers
from rdv_insertion.messaging.services.receipts import record_outcome, refused_channels, remember_refusal
from rdv_insertion.messaging.services.recovering import (
    FORGOTTEN_AFTER,
    STUCK_AFTER,
    plan_forgotten,
    resume_stuck,
)
from rdv_insertion.messaging.services.resending import send_again
from rdv_insertion.messaging.services.sending import (
    FIRST_DELAY,
    LONGEST_DELAY,
    MAX_ATTEMPTS,
    delay_before_attempt,
    send,
)
from rdv_insertion.messaging.services.withdrawing import put_back, withdraw
from rdv_insertion.messaging.services.writing import MESSAGES_PER_PERSON_AND_DAY, enqueue

__all__ = [
    "choose_providers",
    "FIRST_DELAY",
    "FORGOTTEN_AFTER",
    "LONGEST_DELAY",
    "MAX_ATTEMPTS",
    "MESSAGES_PER_PERSON_AND_DAY",
    "STUCK_AFTER",
    "Draft",
    "addresses_of",
    "channels_for",
    "delay_before_attempt",
    "enqueue",
    "forget_transports",
    "key_of",
    "mark_printed",
    "pause",
    "plan_forgotten",
    "put_back",
    "record_outcome",
    "refused_channels",
    "remember_refusal",
    "resume",
    "resume_stuck",
    "send",
    "send_again",
    "withdraw",
]
