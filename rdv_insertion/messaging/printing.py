"""Letters to print: each as it was written, whatever changed since."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rdv_insertion.messaging.channels.letter.frame import frame_for
from rdv_insertion.messaging.channels.letter.render import render_letters
from rdv_insertion.messaging.identity import identities_of
from rdv_insertion.messaging.models import Message, Picture


def letters_pdf(messages: Iterable[Message]) -> bytes:
    """One accessible PDF (PDF/UA-1) of these messages, in this order, each on pages of its own.

    A message written before letters were kept whole gets the frame of today. Two queries at most when all
    are whole or come with `organisation__department` and `usager`.
    """
    several = list(messages)
    frames = _frames_of_today([message for message in several if not message.letter])
    letters = [letter_of(message, message.letter or frames[message.pk]) for message in several]
    return drawn_pdf(letters)


def drawn_pdf(letters: Sequence[Mapping[str, Any]]) -> bytes:
    """The same of letters that are ready to be drawn (channels/letter/render.py): one query, for pictures."""
    return render_letters(letters, _pictures(letters))


def letter_of(message: Message, frame: Mapping[str, Any]) -> dict[str, Any]:
    """What is drawn of one message: `frame` with its subject and its text, in French."""
    return {
        **frame,
        "subject": message.subject,
        "paragraphs": (message.french_text or message.text).split("\n\n"),
    }


def _frames_of_today(messages: Sequence[Message]) -> dict[int, dict[str, Any]]:
    if not messages:
        return {}
    identities = identities_of({message.organisation for message in messages})
    frames: dict[int, dict[str, Any]] = {}
    for message in messages:
        if message.usager is None:
            raise ValueError("letters are for people")
        organisation = message.organisation
        frames[message.pk] = frame_for(
            message.usager,
            organisation,
            identities[organisation.pk],
            help_phone=organisation.phone_number,
            moment=message.created_at,
        ).to_json()
    return frames


def _pictures(letters: Iterable[Mapping[str, Any]]) -> dict[str, Picture]:
    """The logos and signatures that these letters show, by digest: one query, none without pictures."""
    digests = {letter.get("signature_digest", "") for letter in letters}
    digests |= {logo["digest"] for letter in letters for logo in letter.get("logos", [])}
    digests.discard("")
    return Picture.objects.in_bulk(digests) if digests else {}
