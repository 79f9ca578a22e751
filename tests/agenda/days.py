"""The Monday on which agendas of these tests are open, and how their créneaux are read."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rdv_insertion.agenda.creneaux import Creneau, find, offers
from rdv_insertion.agenda.models import EarlierSlotOffer, Motif, PlageOuverture, WaitingListEntry
from rdv_insertion.kernel import dates
from tests.factories import ParticipationFactory

MONDAY = date(2026, 3, 2)


def paris(day: date, clock: str) -> datetime:
    """The moment of `clock` on `day` in Paris."""
    return dates.at(day, time.fromisoformat(clock), dates.PARIS)


MIDNIGHT = paris(MONDAY, "00:00")


def clocks(found: dict[str, list[Creneau]], zone: ZoneInfo = dates.PARIS) -> list[str]:
    """The clock times of créneaux, all offers together."""
    return [f"{one.starts_at.astimezone(zone):%H:%M}" for several in found.values() for one in several]


def on_day(day: date, *motifs: Motif, **options: Any) -> list[str]:
    """What agents find on this day, Paris time."""
    start = paris(day, "00:00")
    return clocks(find(offers(motifs), since=start, until=start + timedelta(days=1), **options))


def on_monday(*motifs: Motif, **options: Any) -> list[str]:
    """What agents find on that Monday."""
    return on_day(MONDAY, *motifs, **options)


def keep(plage: PlageOuverture, clock: str, **options: Any) -> EarlierSlotOffer:
    """A créneau of half an hour kept for somebody of the waiting list, until 8:00 on that Monday."""
    starts_at = paris(MONDAY, clock)
    motif = plage.motifs.get()
    fields = {
        "entry": WaitingListEntry.objects.create(participation=ParticipationFactory(), asked_at=MIDNIGHT),
        "agent": plage.agent,
        "motif": motif,
        "starts_at": starts_at,
        "ends_at": starts_at + motif.duration,
        "offered_at": MIDNIGHT,
        "expires_at": paris(MONDAY, "08:00"),
    }
    return EarlierSlotOffer.objects.create(**(fields | options))
