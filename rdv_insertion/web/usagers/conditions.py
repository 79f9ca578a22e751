"""What a person must have read before choosing: the conditions of motifs, agreed to once for each code."""

from collections.abc import Iterable
from hashlib import sha256

from django.http import HttpRequest

from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.models import Motif
from rdv_insertion.web.usagers.choice import Choice

_SESSION_KEY = "agreed_conditions"


def to_agree(request: HttpRequest, choice: Choice, offer: Offer) -> list[str]:
    """The conditions of this offer that the person has not agreed to yet, each once.

    Those of the rdv that is moved were agreed to when it was taken.
    """
    agreed = set(request.session.get(_SESSION_KEY, {}).get(choice.code, ()))
    if choice.replaced:
        agreed.add(_digest(choice.replaced.rdv.motif.restriction))
    return [text for text in _texts(offer.motifs, "restriction") if _digest(text) not in agreed]


def agree(request: HttpRequest, choice: Choice, offer: Offer) -> None:
    """This browser has read the conditions of this offer."""
    agreed = request.session.get(_SESSION_KEY, {})
    texts = map(_digest, _texts(offer.motifs, "restriction"))
    agreed[choice.code] = sorted({*agreed.get(choice.code, ()), *texts})
    request.session[_SESSION_KEY] = agreed


def instructions_for_all(choice: Choice) -> list[str]:
    """What must be known whatever is chosen: said on the first page."""
    by_offer = [_texts(offer.motifs, "instruction_before") for offer in choice.offers]
    return by_offer[0] if by_offer and all(texts == by_offer[0] for texts in by_offer) else []


def instructions_of(choice: Choice, offer: Offer) -> list[str]:
    """What must be known before choosing a start of this offer, unless the first page has said it."""
    if not choice.moving and instructions_for_all(choice):
        return []
    return _texts(offer.motifs, "instruction_before")


def _texts(motifs: Iterable[Motif], name: str) -> list[str]:
    texts = (getattr(motif, name).strip() for motif in motifs)
    return [text for text in dict.fromkeys(texts) if text]


def _digest(text: str) -> str:
    return sha256(text.strip().encode()).hexdigest()[:16]
