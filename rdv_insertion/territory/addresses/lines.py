"""An address on one line, as people and files write it, cut into street, postcode and town."""

import re
from typing import NamedTuple

from rdv_insertion.kernel.text import fold, squish

_ABBREVIATIONS = {
    "all": "allee", "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard",
    "blvd": "boulevard", "boul": "boulevard", "bvd": "boulevard", "ch": "chemin", "che": "chemin",
    "chem": "chemin", "crs": "cours", "fbg": "faubourg", "fg": "faubourg", "ham": "hameau", "imp": "impasse",
    "lot": "lotissement", "mte": "montee", "pas": "passage", "pass": "passage", "pl": "place",
    "prom": "promenade", "qu": "quai", "qrt": "quartier", "quart": "quartier", "r": "rue", "rte": "route",
    "sq": "square", "trav": "traverse", "cap": "capitaine", "cdt": "commandant", "col": "colonel",
    "dr": "docteur", "gal": "general", "gen": "general", "lt": "lieutenant", "mal": "marechal",
    "pdt": "president", "pres": "president", "pr": "professeur", "prof": "professeur", "st": "saint",
    "ste": "sainte",
}  # fmt: skip
_KINDS = frozenset({
    "allee", "avenue", "boulevard", "chaussee", "chemin", "cite", "clos", "cote", "cour", "cours", "domaine",
    "esplanade", "faubourg", "hameau", "impasse", "lotissement", "mail", "montee", "passage", "place",
    "placette", "promenade", "quai", "quartier", "rond", "route", "rue", "ruelle", "sentier", "square",
    "traverse", "venelle", "voie",
})  # fmt: skip
_BEFORE_A_KIND = frozenset({
    "ancien", "ancienne", "basse", "grand", "grande", "haute", "nouvelle", "petit", "petite", "vieille",
    "vieux",
})  # fmt: skip
_LITTLE_WORDS = frozenset({"le", "la", "les", "l", "d", "de", "du", "des"})
# What follows a street without being a part of its name.
_AFTER = frozenset({
    "appt", "apt", "appartement", "bat", "batiment", "bt", "esc", "escalier", "etage", "porte", "bp", "cs",
    "tsa", "chez", "hlm",
})  # fmt: skip
_REPEATS = frozenset({"bis", "ter", "quater", "quinquies"})
_POSTCODE = re.compile(r"(?<!\d)(\d{5}|\d{2} \d{3})(?!\d)")


class Line(NamedTuple):
    """The parts of an address; empty when they are not there. The street has neither number nor flat."""

    street: str = ""
    postcode: str = ""
    town: str = ""

    @property
    def street_key(self) -> str:
        """The street as it is compared."""
        return street_key(self.street)


def split(address: str) -> Line:
    """The parts of `12 bis, av. de la Gare, Bât. B, 26000 VALENCE CEDEX`, or of whatever was typed."""
    text = squish(address.replace("\x00", " "))
    found = list(_POSTCODE.finditer(text))
    if not found:
        # Without a postcode only a comma says where the town begins.
        street, _, town = text.rpartition(",")
        return Line(_street(street), "", town.strip()) if _street(street) else Line(_street(text), "", text)
    postcode = found[-1]
    town = re.split(r"[,;(]", text[postcode.end() :])[0].strip(" -,")
    return Line(_street(text[: postcode.start()]), postcode.group().replace(" ", ""), town)


def street_key(name: str) -> str:
    """The name of a street as it is compared: `Av. du Dr Rodet` → `avenue docteur rodet`."""
    words = [_ABBREVIATIONS.get(word, word) for word in fold(name).split()]
    kept = [word for word in words if word not in _LITTLE_WORDS]
    return " ".join(kept or words)


def _street(text: str) -> str:
    """The street as it was typed, from its kind to its last word."""
    found = list(re.finditer(r"\w+", text))
    words = [_ABBREVIATIONS.get(fold(one.group()), fold(one.group())) for one in found]
    start = _start(words)
    if start is None:
        return ""
    end = next((place for place in range(start + 1, len(words)) if words[place] in _AFTER), len(words))
    return text[found[start].start() : found[end - 1].end()]


def _start(words: list[str]) -> int | None:
    """Where the name of the street begins: at a word such as `rue` after a number, else at the first one.

    Else after the number itself: some streets have names of their own.
    """
    kinds = [_with_adjective(words, place) for place, word in enumerate(words) if word in _KINDS]
    numbered = [place for place in kinds if _follows_a_number(words, place)]
    if kinds:
        return (numbered or kinds)[0]
    return next((place for place in range(1, len(words)) if _follows_a_number(words, place)), None)


def _with_adjective(words: list[str], place: int) -> int:
    return place - 1 if place and words[place - 1] in _BEFORE_A_KIND else place


def _follows_a_number(words: list[str], place: int) -> bool:
    if place and (words[place - 1] in _REPEATS or re.fullmatch(r"[a-e]", words[place - 1])):
        place -= 1
    return place > 0 and bool(re.fullmatch(r"\d{1,4}(bis|ter|quater|[a-e])?", words[place - 1]))
