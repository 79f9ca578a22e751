"""What the rest of the product asks of messages: write, send, send again."""

from rdv_insertion.messaging.drafts import Draft, addresses_of, channels_for, key_of
from rdv_insertion.messaging.services.recovering import STUCK_AFTER, resume_stuck, send_again
from rdv_insertion.messaging.services.sending import (
    FIRST_DELAY,
    LONGEST_DELAY,
    MAX_ATTEMPTS,
    delay_before_attempt,
    forget_transports,
    send,
)
from rdv_insertion.messaging.services.writing import MESSAGES_PER_PERSON_AND_DAY, enqueue

__all__ = [
    "FIRST_DELAY",
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
    "resume_stuck",
    "send",
    "send_again",
]
