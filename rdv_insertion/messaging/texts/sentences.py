"""Pieces of sentences that several contents share."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from rdv_insertion.kernel.languages import Language, active
from rdv_insertion.kernel.text import squish
from rdv_insertion.messaging.texts.national import in_french

_ENDS_A_SENTENCE = (".", "!", "?", "…", "»", ":")


def custom_sentence(french: str) -> str:
    """What the organisation adds, as a sentence; between « » for who reads another language."""
    sentence = squish(french)
    if sentence and active() != Language.FR:
        return in_french(sentence)
    return sentence if not sentence or sentence.endswith(_ENDS_A_SENTENCE) else f"{sentence}."


def names_in_a_row(names: Iterable[str]) -> str:
    """`Aïcha N'DIAYE, Jean PETIT et Zoé LUNE`."""
    known = [squish(name) for name in names if squish(name)]
    if len(known) < 2:
        return "".join(known)
    return _("%(names)s et %(last)s") % {"names": ", ".join(known[:-1]), "last": known[-1]}


def spaced(*sentences: str) -> str:
    """Sentences in a row, without the empty ones; what is inside each is left as it is."""
    return " ".join(filter(None, sentences))
