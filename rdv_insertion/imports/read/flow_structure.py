"""What is read of a CNAF flow of beneficiaries, and what the schema vrsb0801 says of each element read.

Elements that are not declared here are ignored: a flow of a newer version, with more in it, is still read.
The names are those of the schema.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lxml.etree import _Element

from rdv_insertion.imports.read.table import UnreadableFile

ROOT, HEADER, HOUSEHOLD, END = "Racine", "IdentificationFlux", "InfosFoyerRSA", "TransmissionFlux"
Block = dict[str, Any]
# Says what is expected instead of a text, or nothing when it is as it should be.
Check = Callable[[str], str]
# Up to here libxml2 knows the line of an element; beyond, that of the end of the text inside or after it.
_LAST_EXACT_LINE = 65_534
_DATE = re.compile(r"\s*(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?\s*")
_INTEGER = re.compile(r"\s*[+-]?0*(\d+)\s*")
_BOOLEANS = frozenset({"0", "1", "false", "true"})


@dataclass(frozen=True)
class Declared:
    """An element: `check` when it holds text, `parts` when it holds elements; how often it may appear."""

    name: str
    check: Check | None = None
    parts: "dict[object, Declared]" = field(default_factory=dict)
    least: int = 1
    most: int | None = 1

    @property
    def is_single(self) -> bool:
        """Whether its value is read alone, and not in a list."""
        return self.most == 1


def _text(longest: int) -> Check:
    def check(text: str) -> str:
        return f"{longest} caractères au plus, il y en a {len(text)}" if len(text) > longest else ""

    return check


def _integer(digits: int) -> Check:
    def check(text: str) -> str:
        found = _INTEGER.fullmatch(text)
        return (
            "" if found and len(found[1]) <= digits else f"un nombre de {digits} chiffres au plus est attendu"
        )

    return check


def _date(text: str) -> str:
    found = _DATE.fullmatch(text)
    try:
        date.fromisoformat(found[1] if found else "")
    except ValueError:
        return "une date est attendue (année-mois-jour)"
    return ""


def _boolean(text: str) -> str:
    return "" if text.strip() in _BOOLEANS else "0 ou 1 est attendu"


def _leaf(name: str, check: Check, *, least: int = 1) -> Declared:
    return Declared(name, check, least=least)


def _block(name: str, *parts: Declared, least: int = 1, most: int | None = 1) -> Declared:
    return Declared(name, None, {part.name: part for part in parts}, least, most)


FLOW_HEADER = _block(
    HEADER,
    _leaf("TYPEFLUX", _text(1)),
    _leaf("NATFLUX", _text(1)),
    _leaf("DTCREAFLUX", _date),
    _leaf("DTREF", _date),
)
FLOW_END = _block(END, _leaf("NBTOTDOSRSATRANSM", _integer(8)))
_PERSON = _block(
    "Personne",
    _block(
        "Identification",
        _leaf("QUAL", _text(3), least=0),
        _leaf("NOM", _text(28)),
        _leaf("NOMNAI", _text(28)),
        _leaf("PRENOM", _text(32)),
        _leaf("DTNAI", _date),
        _leaf("NIR", _text(15), least=0),
        _leaf("SEXE", _text(1)),
    ),
    _block("DossierCAF", _leaf("DFRATDOS", _date, least=0)),
    _block("Prestations", _leaf("NATPREST", _text(3)), _leaf("ROLEPERS", _text(3)), least=2, most=2),
    _block("MontantCalculDroitRSAPersonne", _leaf("TOPPERSDRODEVORSA", _boolean), least=0),
    most=None,
)
_ADDRESS = _block(
    "Adresse",
    _block("TroncCommunAdresse", _leaf("RGADR", _integer(2))),
    _block(
        "AdresseDetailleeFrance",
        _leaf("COMPLIDEADR", _text(38)),
        _leaf("COMPLADR", _text(38)),
        _leaf("NUMVOIE", _text(6)),
        _leaf("LIBTYPEVOIE", _text(30)),
        _leaf("NOMVOIE", _text(32)),
        _leaf("LIEUDIST", _text(38)),
        _leaf("CODEPOS", _integer(5)),
        _leaf("NOMCOM", _text(32)),
        least=0,
    ),
    _block("AdresseHorsFrance", *(_leaf(f"LIBLIG{line}ADR", _text(38)) for line in range(2, 8)), least=0),
    most=3,
)
_RIGHTS = _block(
    "PrestationRSA",
    _block(
        "SituationDossierRSA",
        _block("EtatDossierRSA", _leaf("ETATDOSRSA", _text(1))),
        _block("Refus", _leaf("DTREFURSA", _date), least=0),
        _block("FinDroit", _leaf("DTCLORSA", _date), least=0),
        _block("FinDroitMoisAnterieur", _leaf("DTCLORSA", _date), least=0),
    ),
    _block(
        "DetailDroitRSA",
        _block("TroncCommunDroitRSA", _leaf("DTORIDEMRSA", _date, least=0)),
        _block("DetailCalculDroitRSA", _leaf("DDNATDRO", _date), least=0, most=None),
    ),
)
FLOW_HOUSEHOLD = _block(
    HOUSEHOLD,
    _block(
        "IdentificationRSA",
        _block("Organisme", _leaf("MATRICULE", _integer(15))),
        _block("DemandeRSA", _leaf("DTDEMRSA", _date)),
        _block("OrganismePrenant", _leaf("DDDEPAMUT", _date), least=0),
    ),
    _PERSON,
    _block("DonneesAdministratives", _ADDRESS),
    _RIGHTS,
)


def read_block(element: _Element, declared: Declared) -> Block:
    """What is declared of an element, by name: a text, a block, or the list of those that may be several.

    Raises UnreadableFile with the line and the name of the first element that breaks the schema.
    """
    found: Block = {}
    for child in element:
        part = declared.parts.get(child.tag)
        if part is None:
            continue
        value = read_block(child, part) if part.check is None else _read_leaf(child, part.check)
        if not part.is_single:
            found.setdefault(part.name, []).append(value)
        elif part.name in found:
            raise breach(child, "il est présent plusieurs fois, une seule est permise")
        else:
            found[part.name] = value
    for part in declared.parts.values():
        _check_count(element, part, found)
    return found


def breach(element: _Element, complaint: str) -> UnreadableFile:
    """Said of an element that breaks the schema. Never its text: it may name somebody."""
    return UnreadableFile(
        f"Ce flux n'est pas au format de la CNAF : ligne {line_of(element)}, élément {str(element.tag)} : "
        f"{complaint}. Demandez un nouveau flux à votre interlocuteur de la CNAF."
    )


def line_of(element: _Element) -> int:
    """The line of the file that an element begins on, however long the file."""
    line = int(element.sourceline or 0)
    if line > _LAST_EXACT_LINE:
        inside = element.text or (element.tail if len(element) == 0 else None) or ""
        line -= inside.count("\n")
    return line


def _read_leaf(element: _Element, check: Check) -> str:
    text = element.text or ""
    complaint = "du texte seul est attendu" if len(element) else check(text)
    if complaint:
        raise breach(element, complaint)
    return text.strip()


def _check_count(element: _Element, part: Declared, found: Block) -> None:
    if part.name not in found:
        if part.least:
            raise breach(element, f"il y manque l'élément {part.name}")
        return
    if part.is_single:
        return
    count = len(found[part.name])
    if count < part.least or (part.most is not None and count > part.most):
        expected = part.least if count < part.least else part.most
        raise breach(element, f"il contient {count} éléments {part.name} au lieu de {expected}")
