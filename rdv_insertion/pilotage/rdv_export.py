"""Rdvs as a spreadsheet, with the columns that departments already work with. The NIR is never read."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import partial
from typing import IO

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from rdv_insertion.agenda.enums import CreatedBy, LocationType
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.messaging.enums import MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.pilotage.rdv_filters import RdvState, state_of
from rdv_insertion.pilotage.tables import Book, Cell, temporary_book
from rdv_insertion.usagers.models import Usager

MOST_RDVS = 20_000
CHUNK = 1_000
RDVS_SHEET, PARTICIPATIONS_SHEET = "Rendez-vous", "Participations"
COLUMNS = (
    "année",
    "date prise rdv",
    "heure prise rdv",
    "origine",
    "date rdv",
    "heure rdv",
    "service",
    "motif",
    "contexte",
    "statut",
    "lieu",
    "professionnel(s)",
    "usager(s)",
    "commune du 1er responsable",
    "mineur ?",
    "résultat des notifications",
    "organisation",
    "date naissance",
    "code postal du 1er responsable",
    "créé par",
    "email(s) professionnel(s)",
)
PARTICIPATION_COLUMNS = ("usager", "rdv_id", *COLUMNS)

_ABOUT_RDVS = (Purpose.RDV_CREATED, Purpose.RDV_UPDATED, Purpose.RDV_CANCELLED, Purpose.RDV_REMINDER)
_MAJORITY = 18
# What no list or export shows of a person, and costs most to read.
UNREAD = ("usager__nir", "usager__nir_index", "usager__search_document", "usager__name_key")


class TooManyRdvs(Exception):
    """More rdvs than one file takes. The text is a French sentence."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Votre demande porte sur {_spaced(count)} rendez-vous, et un fichier en contient au plus "
            f"{_spaced(MOST_RDVS)} : choisissez une période plus courte."
        )


def export_rdvs(rdvs: QuerySet[Rdv], *, now: datetime) -> IO[bytes]:
    """Write these rdvs, the oldest first, to a temporary .xlsx file, which the caller closes.

    A second sheet has one row a person. Rows are read and written by the thousand, so that memory does not
    grow with their number. Dates are on the clocks of each rdv's place. Raises TooManyRdvs.
    """
    count = rdvs.count()
    if count > MOST_RDVS:
        raise TooManyRdvs(count)
    with transaction.atomic():
        return temporary_book(partial(_fill, rdvs=rdvs, now=now))


def _fill(book: Book, *, rdvs: QuerySet[Rdv], now: datetime) -> None:
    book.add_sheet(RDVS_SHEET, COLUMNS)
    book.add_sheet(PARTICIPATIONS_SHEET, PARTICIPATION_COLUMNS)
    chunk: list[Rdv] = []
    for rdv in with_people(rdvs).order_by("starts_at", "pk").iterator(chunk_size=CHUNK):
        chunk.append(rdv)
        if len(chunk) == CHUNK:
            _write(book, chunk, now)
            chunk = []
    _write(book, chunk, now)


def with_people(rdvs: QuerySet[Rdv]) -> QuerySet[Rdv]:
    """With all that a list or an export shows: three queries, whatever their number."""
    people = Participation.objects.select_related("usager", "created_by_agent").defer(*UNREAD).order_by("pk")
    return rdvs.select_related(
        "motif__motif_category", "lieu", "organisation__department", "created_by_agent"
    ).prefetch_related("agents", Prefetch("participations", people))


def _write(book: Book, rdvs: Sequence[Rdv], now: datetime) -> None:
    notified = _notifications([one for rdv in rdvs for one in rdv.participations.all()])
    for rdv in rdvs:
        people = list(rdv.participations.all())
        book.add_row(RDVS_SHEET, _rdv_row(rdv, people, notified, now))
        for one in people:
            book.add_row(PARTICIPATIONS_SHEET, _participation_row(rdv, one, people, notified, now))
        # A rdv and its people hold each other, and would wait for the collector by the ten thousand.
        rdv._prefetched_objects_cache = {}  # type: ignore[attr-defined]


_Notified = dict[int, Counter[str]]


def _notifications(participations: Collection[Participation]) -> _Notified:
    """How the messages about each participation fared; the key of a message names its participation."""
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    messages = Message.objects.filter(
        usager__in={one.usager_id for one in participations}, purpose__in=_ABOUT_RDVS
    )
    for key, status in messages.order_by().values_list("unique_key", "status"):
        if named := re.search(r":participation-(\d+)-", key):
            found[int(named.group(1))][status] += 1
    return found


def _rdv_row(rdv: Rdv, people: Sequence[Participation], notified: _Notified, now: datetime) -> list[Cell]:
    usagers = [one.usager for one in people]
    births = [f"{one.birth_date:%d/%m/%Y}" for one in usagers if one.birth_date]
    town, postcode = _town_of(usagers[0]) if usagers else ("", "")
    results = sum((notified.get(one.pk, Counter()) for one in people), Counter[str]())
    return _row(
        rdv,
        taken_at=rdv.created_at,
        created_by=rdv.created_by,
        creator=rdv.created_by_agent,
        state=state_of(rdv.status, rdv.starts_at, now),
        usagers=usagers,
        town=town,
        postcode=postcode,
        minor=_minor(usagers, rdv),
        results=results,
        birth=", ".join(births),
    )


def _participation_row(
    rdv: Rdv, one: Participation, people: Sequence[Participation], notified: _Notified, now: datetime
) -> list[Cell]:
    town, postcode = _town_of(one.usager)
    row = _row(
        rdv,
        taken_at=one.created_at,
        created_by=one.created_by,
        creator=one.created_by_agent,
        state=state_of(one.status, rdv.starts_at, now),
        usagers=[other.usager for other in people],
        town=town,
        postcode=postcode,
        minor=_minor([one.usager], rdv),
        results=notified.get(one.pk, Counter()),
        birth=one.usager.birth_date,
    )
    return [str(one.usager), rdv.pk, *row]


def _row(
    rdv: Rdv,
    *,
    taken_at: datetime,
    created_by: str,
    creator: Agent | None,
    state: RdvState,
    usagers: Sequence[Usager],
    town: str,
    postcode: str,
    minor: str,
    results: Counter[str],
    birth: date | str | None,
) -> list[Cell]:
    """The cells of `COLUMNS`, in order."""
    starts_at, taken_at = rdv.starts_at.astimezone(rdv.time_zone), taken_at.astimezone(rdv.time_zone)
    category, agents = rdv.motif.motif_category, rdv.agents.all()
    return [
        starts_at.year,
        taken_at.date(),
        taken_at.time().replace(second=0, microsecond=0),
        CreatedBy(created_by).label,
        starts_at.date(),
        starts_at.time().replace(second=0, microsecond=0),
        category.name if category else "",
        rdv.motif.name,
        rdv.context,
        str(state.label),
        place_of(rdv, usagers),
        ", ".join(str(agent) for agent in agents),
        ", ".join(str(usager) for usager in usagers),
        town,
        minor,
        _in_words(results),
        rdv.organisation.name,
        birth,
        postcode,
        str(creator) if creator else CreatedBy(created_by).label,
        ", ".join(agent.email for agent in agents),
    ]


def place_of(rdv: Rdv, usagers: Sequence[Usager]) -> str:
    """Where it happens; at somebody's home, the town alone: the street is nobody else's business."""
    if rdv.lieu:
        return f"{rdv.lieu.name}, {rdv.lieu.address}"
    kind = LocationType(rdv.motif.location_type)
    town = _town_of(usagers[0])[0] if usagers else ""
    return f"{kind.label} ({town})" if kind == LocationType.HOME and town else str(kind.label)


def _town_of(usager: Usager) -> tuple[str, str]:
    """Town and postcode: after the last five digits of the address, up to a figure or a comma."""
    found = re.search(r".*\b(\d{5})\s+([^\d,;\n]+)", usager.address or "")
    return (found.group(2).strip(), found.group(1)) if found else ("", "")


def _minor(usagers: Sequence[Usager], rdv: Rdv) -> str:
    """Whether one of them is under 18 on the day of the rdv; nothing when no birth date is known."""
    day = rdv.starts_at.astimezone(rdv.time_zone).date()
    ages = [age for usager in usagers if (age := usager.age(day)) is not None]
    if not ages:
        return ""
    return "oui" if min(ages) < _MAJORITY else "non"


def _in_words(results: Counter[str]) -> str:
    """`Reçu : 2, Non distribué : 1`, in the order of the enumeration."""
    return ", ".join(f"{status.label} : {results[status]}" for status in MessageStatus if results[status])


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\u00a0")
