"""From the texts of a row to a typed identity, with what was refused, doubted or repaired, and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from django.db import models

from rdv_insertion.imports.columns import ADDRESS_PARTS
from rdv_insertion.kernel import dates, nir
from rdv_insertion.kernel.text import fold, squish, without_unseen
from rdv_insertion.usagers import repairs, values
from rdv_insertion.usagers.identity import ATTRIBUTES, Identity
from rdv_insertion.usagers.values import PLAIN

ENDED = "ended"

_EMPTY_WORDS = frozenset(
    {"neant", "nc", "n a", "na", "inconnu", "inconnue", "null", "none", "non renseigne", "non renseignee"}
    | {"non communique", "non communiquee", "aucun", "aucune", "vide", "nsp", "0", "0 0"}
)
# No word for nothing starts so.
_PLAIN_STARTS = frozenset("bcdefghjklmopqrstuwxyzBCDEFGHJKLMOPQRSTUWXYZ123456789")
_LONGEST_EMPTY = 20
_NAMES = frozenset({"last_name", "first_name", "birth_name"})
_LONGEST_TAG, _LONGEST_RAW = 60, 200
# Texts that come back from row to row: parsed once a file.
_REPEATED = frozenset(
    {"title", "role", "first_name", "birth_date", "rights_opening_date", "rights_end_date", "tags"}
    | {"referent_email", "organisation"}
)
_ENDED_WORDS = frozenset(
    {"clos", "close", "cloture", "cloturee", "radie", "radiee", "radiation", "refuse", "refusee"}
    | {"ferme", "fermee", "sorti", "sortie", "termine", "terminee", "termines", "fin", "fini", "arret"}
    | {"arrete", "arretee", "decede", "decedee", "perdu", "perdus"}
)
# Rights that go on; "non clos" and "sans fin" say so too.
# Suspended people are to be met all the same, as in the CNAF flow.
_OPEN_WORDS = frozenset(
    {"ouvert", "ouverts", "ouverte", "cours", "actif", "active", "non", "pas", "sans"}
    | {"suspendu", "suspendue", "suspendus", "suspension"}
)


class ProblemKind(models.TextChoices):
    """What became of a value that an agent should know about."""

    REFUSED = "refused", "Valeur refusée"
    DOUBTFUL = "doubtful", "À vérifier"
    REPAIRED = "repaired", "Réparée"


@dataclass(frozen=True, slots=True)
class Problem:
    """A value left out (`refused`), contradicted by another (`doubtful`), or `repaired`, and why in French.

    `raw` is what the file says; empty for a NIR, which is shown to nobody, not even a wrong one.
    """

    attribute: str
    raw: str
    sentence: str
    kind: str

    def as_json(self) -> dict[str, str]:
        """For storage."""
        return {
            "attribute": self.attribute,
            "raw": self.raw,
            "sentence": self.sentence,
            "kind": str(self.kind),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> Self:
        """Reverse `as_json`."""
        return cls(stored["attribute"], stored["raw"], stored["sentence"], stored["kind"])


@dataclass(slots=True)
class Understood:
    """A row once understood. `rights_end` is an ISO date, `ended` when only a word says it, or empty."""

    identity: Identity
    tags: list[str] = field(default_factory=list)
    referent_email: str = ""
    organisation: str = ""
    rights_end: str = ""
    problems: list[Problem] = field(default_factory=list)


def gather(cells: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """What a row says: one text per attribute, blank ones left out.

    `columns` gives the attribute of each cell, empty when ignored. The parts of the address are joined into
    `address`, the columns of tags by a comma.
    """
    return gather_rows([cells], columns)[0]


def gather_rows(rows: Iterable[Sequence[str]], columns: Sequence[str]) -> list[dict[str, str]]:
    """`gather` for each row of a file."""
    streets = [place for part in ADDRESS_PARTS[:-1] for place in _places(part, columns)]
    towns = _places(ADDRESS_PARTS[-1], columns)
    tags = _places("tags", columns)
    joined = {*streets, *towns, *tags}
    single = [(place, name) for place, name in enumerate(columns) if name and place not in joined]
    missing = [""] * len(columns)
    folds: dict[str, str] = {}
    gathered = []
    for row in rows:
        cells = row if len(row) >= len(columns) else [*row, *missing[len(row) :]]
        if not "".join(cells).isprintable():
            cells = [without_unseen(text) for text in cells]
        texts = {name: text for place, name in single if (text := _said(cells[place], name))}
        if address := _address(_parts(cells, streets), _parts(cells, towns), folds):
            texts["address"] = address
        if tags and (labels := _parts(cells, tags)):
            texts["tags"] = ", ".join(labels)
        gathered.append(texts)
    return gathered


def _places(attribute: str, columns: Sequence[str]) -> list[int]:
    return [place for place, name in enumerate(columns) if name == attribute]


def _said(text: str, attribute: str) -> str:
    """`text` without the blanks around it, or nothing when it says nothing."""
    text = text.strip()
    # Most texts say something without a doubt; the others are looked at closer.
    if not text or text[0] in _PLAIN_STARTS or attribute in _NAMES or not _is_empty_word(text):
        return text
    return ""


def _is_empty_word(text: str) -> bool:
    """Whether `text`, which is not blank, is a dash or a word for nothing: `néant`, `NC`…"""
    if len(text) > (len("0,0") if text[0] == "0" else _LONGEST_EMPTY):
        return False
    folded = fold(text)
    return folded in _EMPTY_WORDS if folded else not any(map(str.isalnum, text))


def _parts(cells: Sequence[str], places: Sequence[int]) -> list[str]:
    return [text for place in places if (text := _said(cells[place], ""))]


def _address(streets: Sequence[str], towns: list[str], folds: dict[str, str]) -> str:
    """Street, complement, postcode then town, in this order whatever the columns'; nothing twice.

    `folds` keeps the towns folded, which come back from row to row.
    """
    if len(towns) > 1:
        towns.sort(key=lambda part: not part[:1].isdigit())
    parts = [*streets, *towns]
    if len(parts) < 2:
        return squish(parts[0]) if parts else ""
    kept = [parts[0]]
    seen = f" {fold(parts[0])} "
    for part in parts[1:]:
        words = folds.get(part)
        if words is None:
            words = folds[part] = fold(part)
        if f" {words} " not in seen:
            kept.append(part)
            seen = f"{seen}{words} "
    return squish(" ".join(kept))


class Normaliser:
    """Understands the rows of one file; texts that come back are parsed once."""

    def __init__(self, *, today: date) -> None:
        self._today = today
        self._caches: dict[str, dict[str, _Read]] = {name: {} for name in _REPEATED}
        self._plains = {name: plain for name, plain in PLAIN.items() if name not in _REPEATED}
        self._plains["birth_date"] = self._plain_birth_date

    def row(self, texts: Mapping[str, str]) -> Understood:
        """What `gather` found, understood. Never raises: what cannot be understood becomes a problem."""
        identity: dict[str, Any] = {}
        others: dict[str, Any] = {}
        problems: list[Problem] = []
        plains = self._plains
        for attribute, text in texts.items():
            plain = plains.get(attribute)
            if plain is not None:
                value = plain(text)
                if value is not None:
                    identity[attribute] = value
                    continue
            value, problem = self._reading(attribute, text)
            if value:
                (identity if attribute in _IDENTITY else others)[attribute] = value
            if problem is not None:
                problems.append(problem)
        if "nir" in identity:
            problems += _doubts(identity)
        return Understood(
            Identity.of(identity),
            list(others.get("tags", ())),
            others.get("referent_email", ""),
            others.get("organisation", ""),
            others.get("rights_end_date", ""),
            problems,
        )

    def _reading(self, attribute: str, text: str) -> "_Read":
        cache = self._caches.get(attribute)
        if cache is None:
            return self._read(attribute, text)
        read = cache.get(text)
        if read is None:
            read = cache[text] = self._read(attribute, text)
        return read

    def _plain_birth_date(self, text: str) -> date | None:
        day = dates.plain(text)
        return day if day and dates.is_birth_date(day, today=self._today) else None

    def _read(self, attribute: str, text: str) -> "_Read":
        said = _said(without_unseen(text), attribute)
        reader = _READERS.get(attribute)
        if not said or reader is None:
            return None, None
        raw = "" if attribute == "nir" else said[:_LONGEST_RAW]
        try:
            value, repair = reader(said, self._today)
        except values.Refused as refusal:
            return None, Problem(attribute, raw, str(refusal), ProblemKind.REFUSED.value)
        return value, Problem(attribute, raw, repair, ProblemKind.REPAIRED.value) if repair else None


_Read = tuple[Any, Problem | None]


def _tags(text: str, today: date) -> tuple[list[str], str]:
    texts = [squish(tag)[:_LONGEST_TAG] for tag in text.split(",")]
    return [tag for tag in dict.fromkeys(texts) if tag], ""


def _organisation(text: str, today: date) -> tuple[str, str]:
    return squish(text), ""


def _rights_end(text: str, today: date) -> tuple[str, str]:
    """The end of rights: an ISO date, or `ended` when a word says that they are over without the day."""
    try:
        value, repair = repairs.read("rights_opening_date", text, today=today)
    except values.Refused:
        words = set(fold(text).split())
        if words & _OPEN_WORDS:
            return "", ""
        if not words & _ENDED_WORDS:
            raise
        return ENDED, ""
    return value.isoformat(), repair


def _reader(attribute: str) -> Callable[[str, date], tuple[Any, str]]:
    def read(text: str, today: date) -> tuple[Any, str]:
        return repairs.read(attribute, text, today=today)

    return read


_IDENTITY = frozenset(ATTRIBUTES)
_READERS: Mapping[str, Callable[[str, date], tuple[Any, str]]] = {
    **{name: _reader(name) for name in ATTRIBUTES},
    "referent_email": _reader("email"),
    "rights_end_date": _rights_end,
    "organisation": _organisation,
    "tags": _tags,
}


def _doubts(known: Mapping[str, Any]) -> list[Problem]:
    """What a valid NIR contradicts: shown on the row, not refused (design/domain.md § Values)."""
    birth_date = known.get("birth_date")
    sentences = nir.contradictions(
        known["nir"], title=known.get("title"), birth_year=birth_date and birth_date.year
    )
    if not sentences:
        return []
    return [Problem("nir", "", sentence, ProblemKind.DOUBTFUL.value) for sentence in sentences]
