"""Mails as Brevo's inbound parsing posts them: `{"items": [...]}` (developers.brevo.com, inbound parse)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from rdv_insertion.exchanges.inbound import texts
from rdv_insertion.exchanges.receipts.readers import Unreadable, json_of
from rdv_insertion.kernel.crypto import blind_index
from rdv_insertion.kernel.text import squish, without_unseen

_MOST_MAILS, _MOST_ADDRESSES, _MOST_FILES = 20, 50, 30
_LONGEST_NAME, LONGEST_ADDRESS = 120, 254
_ONE_ADDRESS = re.compile(r"""[^@\s,;<>()\[\]"\\]+@[^@\s,;<>()\[\]"\\]+""")


@dataclass(frozen=True)
class Mail:
    """One mail that came in.

    `key` is the same each time the same mail is posted. `text` is what the person wrote, without what they
    quote. `headers` are lower case. `files` are the names of the attachments, which are not kept.
    """

    key: str
    sender_name: str
    sender: str
    reply_to: str
    recipients: tuple[str, ...]
    subject: str
    text: str = field(repr=False)
    files: tuple[str, ...] = ()
    file_types: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def mails_of(body: str) -> list[Mail]:
    """The mails of one call. Raises Unreadable when there is none to find."""
    try:
        posted = json_of(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable from error
    items = posted.get("items") if isinstance(posted, dict) else None
    found = [one for one in items if isinstance(one, dict) and one] if isinstance(items, list) else []
    if not found:
        raise Unreadable
    return [_mail(item) for item in found[:_MOST_MAILS]]


def _mail(item: Mapping[str, Any]) -> Mail:
    headers = {name.lower(): value for name, value in _headers(item.get("Headers"))}
    name, sender = _address(item.get("From") or headers.get("from"))
    files = [one for one in _list(item.get("Attachments")) if isinstance(one, dict)][:_MOST_FILES]
    return Mail(
        key=_key(item),
        sender_name=name,
        sender=sender,
        reply_to=_address(item.get("ReplyTo"))[1] or sender,
        recipients=tuple(_recipients(item, headers)),
        subject=_line(item.get("Subject"), 200),
        text=texts.written_by_the_person(
            extracted=_text(item.get("ExtractedMarkdownMessage")),
            plain=_text(item.get("RawTextBody")),
            html=_text(item.get("RawHtmlBody")),
        ),
        files=tuple(_line(one.get("Name"), _LONGEST_NAME) or "fichier sans nom" for one in files),
        file_types=tuple(_text(one.get("ContentType")).lower() for one in files),
        headers=headers,
    )


def _key(item: Mapping[str, Any]) -> str:
    """A digest of what names the mail: its Message-ID, else all that was posted but the provider's ids."""
    named = _text(item.get("MessageId"))
    not_said = ("Uuid", "Attachments", "Headers", "SpamScore")
    kept = {name: value for name, value in item.items() if name not in not_said}
    named = named or orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()
    return blind_index(f"inbound-mail:{named}")[:20]


def _recipients(item: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[str]:
    """Every address to which it was sent, the envelope first."""
    written = [one for name in ("Recipients", "To", "Cc") for one in _list(item.get(name))]
    written += [headers[name] for name in ("delivered-to", "x-original-to") if name in headers]
    for one in written[:_MOST_ADDRESSES]:
        address = _address(one)[1]
        if address:
            yield address


def _address(value: Any) -> tuple[str, str]:
    """Name and address of `{"Name": …, "Address": …}` or of `Name <address>`; empty when there is none.

    Not `email.utils.parseaddr`, which a long row of brackets drives mad.
    """
    if isinstance(value, dict):
        name, address = _text(value.get("Name")), _text(value.get("Address"))
    else:
        name, address = "", _text(value)
    if "<" in address:
        before, _, address = address.partition("<")
        name = name or before.strip(' "')
    address = without_unseen(address).partition(">")[0].strip()
    is_one = len(address) <= LONGEST_ADDRESS and bool(_ONE_ADDRESS.fullmatch(address))
    return _line(name, _LONGEST_NAME), address if is_one else ""


def _headers(headers: Any) -> Iterator[tuple[str, str]]:
    """Names and values; of a header written several times, the last."""
    for name, value in headers.items() if isinstance(headers, dict) else ():
        last = value[-1] if isinstance(value, list) and value else value
        if isinstance(last, str):
            yield str(name), last


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [value] if value else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _line(value: Any, longest: int) -> str:
    return squish(without_unseen(_text(value)))[:longest].strip()
