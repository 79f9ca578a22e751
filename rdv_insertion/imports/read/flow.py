"""The CNAF flow of beneficiaries (XML, schema vrsb0801), streamed: memory does not depend on its size.

Nothing outside of the file is ever fetched: entities and DTDs are refused altogether.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from lxml import etree

from rdv_insertion.imports.read.flow_structure import (
    END,
    FLOW_END,
    FLOW_HEADER,
    FLOW_HOUSEHOLD,
    HEADER,
    HOUSEHOLD,
    ROOT,
    Block,
    breach,
    line_of,
    read_block,
)
from rdv_insertion.imports.read.table import MAX_FLOW_PEOPLE, UnreadableFile
from rdv_insertion.kernel.dates import long_date

# As `imports.columns` recognises them, but for the date of request, which nobody asks for yet.
TITLES = (
    "Civilité",
    "Nom",
    "Prénom",
    "Nom de naissance",
    "Date de naissance",
    "Rôle",
    "Numéro CAF",
    "NIR",
    "Adresse",
    "Complément d'adresse",
    "Code postal et ville",
    "Date d'ouverture des droits",
    "Date de demande du RSA",
    "Fin des droits",
)
SNIFFED_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
# A household with twelve people and all of their resources takes 0.3 MB. What comes between two ends of
# households is in memory at once, so this bounds it.
_LARGEST_HOUSEHOLD = 2 * 1024 * 1024
_PROLOGUE = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_TAG = re.compile(rb"<(!DOCTYPE|[A-Za-z_][\w:.-]*)")
_DOCTYPE = "!DOCTYPE"
_KINDS = {"M": "Flux mensuel", "I": "Flux quotidien", "J": "Flux quotidien", "Q": "Flux quotidien"}
_REFUSED_STATE, _CLOSED_STATES = "1", frozenset({"5", "6"})
_TITLE_OF_SEX = {"1": "MR", "2": "MME"}

_NO_FLOW = "Ce fichier XML n'est pas un flux de bénéficiaires du RSA de la CNAF"
_ASK_AGAIN = "Copiez-le ou téléchargez-le à nouveau ; s'il reste illisible, demandez un nouveau flux."
_DECLARES = (
    "Ce fichier XML contient une déclaration DOCTYPE, refusée par sécurité : aucun flux de la CNAF n'en a. "
    "Demandez un nouveau flux à votre interlocuteur de la CNAF."
)


@dataclass(frozen=True)
class FlowIdentification:
    """What a flow says of itself; `type` is M for a monthly one, I for one between two months (new entrants).

    `households` were read; `announced` is how many the flow says that it was sent with.
    """

    type: str
    nature: str
    created_on: date
    reference_date: date
    households: int
    announced: int

    @property
    def label(self) -> str:
        """« Flux mensuel du 5 mars 2022 »."""
        _, day = long_date(self.created_on).split(" ", 1)
        return f"{_KINDS.get(self.type, 'Flux')} du {day}"


def root_of(start: bytes) -> str:
    """The first element of an XML file that begins so, `!DOCTYPE` when a declaration precedes, or blank."""
    prologue = _PROLOGUE.match(start)
    found = _TAG.match(start, prologue.end() if prologue else 0)
    return found[1].decode() if found else ""


def is_flow(start: bytes) -> bool:
    """Whether a file that begins so is an XML to be read, or refused, as a flow.

    Pages, workbooks saved as XML, and texts are not.
    """
    root = root_of(start)
    if root == _DOCTYPE:
        return b"html" not in start[:1_000].lower()
    return root == ROOT or (start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml") and _is_data(root))


def _is_data(root: str) -> bool:
    return bool(root) and root.lower() not in ("html", "workbook", "office:document", "table")


def flow_rows(stream: BinaryIO) -> Iterator[list[str]]:
    """One row of texts, under TITLES, for each person of a flow who is subject to rights and duties.

    Raises UnreadableFile on the way, with the line of what is wrong.
    """
    yield from FlowReader(stream).rows()


class FlowReader:
    """A flow being read; `start` is what was already taken from the stream."""

    def __init__(self, stream: BinaryIO, *, start: bytes = b"") -> None:
        self._stream, self._start = stream, start
        self._header: Block = {}
        self._households = 0
        self._announced: int | None = None

    @property
    def identification(self) -> FlowIdentification:
        """What the flow says of itself: known once its rows are exhausted."""
        return FlowIdentification(
            type=self._header["TYPEFLUX"],
            nature=self._header["NATFLUX"],
            created_on=_day(self._header["DTCREAFLUX"]),
            reference_date=_day(self._header["DTREF"]),
            households=self._households,
            announced=self._announced or 0,
        )

    def rows(self) -> Iterator[list[str]]:
        """As `flow_rows`."""
        people = 0
        for household in self._household_blocks():
            for row in _people(household, on=_day(self._header["DTCREAFLUX"])):
                people += 1
                if people > MAX_FLOW_PEOPLE:
                    raise UnreadableFile(
                        f"Ce flux dépasse {MAX_FLOW_PEOPLE} personnes. Demandez un flux par territoire."
                    )
                yield row

    def _household_blocks(self) -> Iterator[Block]:
        for element in self._elements():
            if element.tag == HEADER:
                self._header = read_block(element, FLOW_HEADER)
            elif element.tag == END:
                self._announced = int(read_block(element, FLOW_END)["NBTOTDOSRSATRANSM"])
            else:
                if not self._header:
                    raise breach(element, f"il devrait suivre l'élément {HEADER}, qui manque")
                self._households += 1
                yield read_block(element, FLOW_HOUSEHOLD)
        if self._announced is None:
            missing = END if self._header else HEADER
            raise UnreadableFile(f"Ce flux est incomplet : il y manque l'élément {missing}. {_ASK_AGAIN}")

    def _elements(self) -> Iterator[etree._Element]:
        """The elements to be read just under the root, complete; each is forgotten when the next is asked."""
        parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=(ROOT, HEADER, HOUSEHOLD, END),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        root: etree._Element | None = None
        pending = 0
        for chunk in self._chunks():
            failure = _feed(parser, chunk)
            pending += len(chunk)
            for event, element in parser.read_events():
                if root is None:
                    root = _checked_root(element)
                if event == "end" and element is not root:
                    _check_place(element, root)
                    pending = 0
                    yield element
                    _forget(element, root)
            if failure:
                raise failure
            if pending > _LARGEST_HOUSEHOLD:
                raise _oversized(root)
        _close(parser)
        if root is None:
            raise UnreadableFile(f"{_NO_FLOW} : l'élément {ROOT} y manque.")

    def _chunks(self) -> Iterator[bytes]:
        chunk = self._start or self._stream.read(_CHUNK_BYTES)
        while chunk:
            yield chunk
            chunk = self._stream.read(_CHUNK_BYTES)


def _feed(parser: etree.XMLPullParser, chunk: bytes) -> UnreadableFile | None:
    """Parse some more; what is wrong is returned, to be said once what precedes it is looked at."""
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as error:
        return _malformed(error.lineno)
    # An entity that nobody declared stops the parser without a word.
    fatal = parser.feed_error_log.filter_from_fatals()
    return _malformed(fatal[0].line) if len(fatal) else None


def _close(parser: etree.XMLPullParser) -> None:
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_DOCUMENT_END:
            raise _malformed(error.lineno) from error
        raise UnreadableFile(
            f"Ce flux est incomplet : il s'arrête au milieu, à la ligne {error.lineno}. {_ASK_AGAIN}"
        ) from error


def _malformed(line: int | None) -> UnreadableFile:
    return UnreadableFile(f"Ce flux est abîmé : à la ligne {line}, ce n'est plus du XML. {_ASK_AGAIN}")


def _oversized(root: etree._Element | None) -> UnreadableFile:
    last = root[-1] if root is not None and len(root) else root
    where = "" if last is None else f" à partir de la ligne {line_of(last)}"
    return UnreadableFile(
        f"Ce flux n'est pas au format de la CNAF : un dossier y est démesuré{where}. {_ASK_AGAIN}"
    )


def _checked_root(element: etree._Element) -> etree._Element:
    tree = element.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise UnreadableFile(_DECLARES)
    root = tree.getroot()
    if root.tag != ROOT:
        name = str(root.tag)[:60]
        raise UnreadableFile(f"{_NO_FLOW} : son premier élément est « {name} » au lieu de « {ROOT} ».")
    return root


def _check_place(element: etree._Element, root: etree._Element) -> None:
    if element.getparent() is not root:
        raise breach(element, f"il devrait être directement dans l'élément {ROOT}")


def _forget(element: etree._Element, root: etree._Element) -> None:
    """Empty what was read and drop what came before; the element is kept, as the parser is just after."""
    element.clear(keep_tail=True)
    while root[0] is not element:
        del root[0]


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _people(household: Block, *, on: date) -> Iterator[list[str]]:
    """The rows of those of a household who are subject to rights and duties: never a child."""
    identification = household["IdentificationRSA"]
    address = _address(household["DonneesAdministratives"]["Adresse"])
    opened = _opening(household["PrestationRSA"]["DetailDroitRSA"])
    ended = _end_of_household(household, on=on)
    for person in household["Personne"]:
        role = _role(person["Prestations"])
        subject = person.get("MontantCalculDroitRSAPersonne", {}).get("TOPPERSDRODEVORSA", "0")
        if role in ("DEM", "CJT") and subject in ("1", "true"):
            who = person["Identification"]
            yield [
                who.get("QUAL") or _TITLE_OF_SEX.get(who["SEXE"], ""),
                who["NOM"],
                who["PRENOM"],
                who["NOMNAI"],
                who["DTNAI"][:10],
                role,
                identification["Organisme"]["MATRICULE"],
                who.get("NIR", ""),
                *address,
                opened,
                identification["DemandeRSA"]["DTDEMRSA"][:10],
                ended or _end_of_person(person, on=on),
            ]


def _role(benefits: list[Block]) -> str:
    return next((str(one["ROLEPERS"]) for one in benefits if one["NATPREST"] == "RSA"), "")


def _opening(rights: Block) -> str:
    """The first day of the rights that were computed; before any was, the day that the request stems from."""
    days = [str(one["DDNATDRO"]) for one in rights.get("DetailCalculDroitRSA", [])]
    days = days or [rights["TroncCommunDroitRSA"].get("DTORIDEMRSA", "")]
    return min(days)[:10]


def _end_of_household(household: Block, *, on: date) -> str:
    """When the rights of a whole household ended: a day, or a word when the flow gives none; else blank.

    ETATDOSRSA says where the household stands: 1 is a refused request (Refus, DTREFURSA), 5 rights that ended
    (FinDroit, DTCLORSA), 6 rights that ended in an earlier month and were adjusted in this one
    (FinDroitMoisAnterieur, DTCLORSA). 0 (awaiting a decision), 2 (open), 3 and 4 (rights or payments
    suspended) end nothing: suspended people are to be met all the same. A household that another organism
    took over (OrganismePrenant, DDDEPAMUT) is struck off here from that day on.
    """
    situation = household["PrestationRSA"]["SituationDossierRSA"]
    state = situation["EtatDossierRSA"]["ETATDOSRSA"]
    if state == _REFUSED_STATE:
        return str(situation["Refus"]["DTREFURSA"])[:10] if "Refus" in situation else "Demande refusée"
    if state in _CLOSED_STATES:
        end = situation.get("FinDroit") or situation.get("FinDroitMoisAnterieur")
        return str(end["DTCLORSA"])[:10] if end else "Droits terminés"
    return _past(household["IdentificationRSA"].get("OrganismePrenant", {}).get("DDDEPAMUT", ""), on=on)


def _end_of_person(person: Block, *, on: date) -> str:
    """The day that a person left the household (DFRATDOS), once it is past."""
    return _past(person["DossierCAF"].get("DFRATDOS", ""), on=on)


def _past(day: str, *, on: date) -> str:
    return day[:10] if day and _day(day) <= on else ""


def _address(addresses: list[Block]) -> tuple[str, str, str]:
    """The latest address, the one of the first rank: number and street, complement, postcode and town."""
    latest = min(addresses, key=lambda one: int(one["TroncCommunAdresse"]["RGADR"]))
    french, foreign = latest.get("AdresseDetailleeFrance"), latest.get("AdresseHorsFrance")
    if french:
        street = _joined(french, "NUMVOIE", "LIBTYPEVOIE", "NOMVOIE")
        complement = _joined(french, "COMPLIDEADR", "COMPLADR", "LIEUDIST", between=", ")
        # Numbers: the zero of 01000 may be gone.
        town = f"{int(french['CODEPOS']):05} {french['NOMCOM']}".strip()
        return street, complement, town
    if foreign:
        lines = [foreign[f"LIBLIG{line}ADR"] for line in range(2, 8)]
        return lines[2], ", ".join(filter(None, lines[:2])), " ".join(filter(None, lines[3:]))
    return "", "", ""


def _joined(block: Block, *names: str, between: str = " ") -> str:
    return between.join(filter(None, (block[name] for name in names)))
