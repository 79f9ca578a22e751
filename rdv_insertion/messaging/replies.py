"""The address to which a person answers a mail: it names the message, and only we can write it.

`reponse+42-0f3a…@reponses.example.org`. Without REPLY_DOMAIN nobody reads answers, and mails say so.
"""

import re
from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "rdv_insertion.messaging.replies"
# 80 bits: nobody finds one by trying, and the part before @ stays under the 64 characters of RFC 5321.
_SIGNATURE_DIGITS = 20
_LOCAL_PART = re.compile(r"reponse\+(\d{1,18})-([0-9a-f]{20})", re.ASCII)


def reply_address(message_id: int) -> str:
    """Where an answer to this message goes; empty when the service takes no answers."""
    if not settings.REPLY_DOMAIN:
        return ""
    return f"reponse+{message_id}-{_signature(message_id)}@{settings.REPLY_DOMAIN}"


def message_id_of(address: str) -> int | None:
    """Which message `address` answers, `Name <…>` or bare, in any case; None when it is not one of ours."""
    local, _, domain = parseaddr(address)[1].lower().rpartition("@")
    found = _LOCAL_PART.fullmatch(local)
    if not found or not settings.REPLY_DOMAIN or domain != settings.REPLY_DOMAIN.lower():
        return None
    message_id = int(found[1])
    return message_id if constant_time_compare(found[2], _signature(message_id)) else None


def _signature(message_id: int) -> str:
    return salted_hmac(_SALT, str(message_id), algorithm="sha256").hexdigest()[:_SIGNATURE_DIGITS]
