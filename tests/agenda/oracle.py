"""An agenda read minute by minute, as one would on paper. It shares no code with the product.

`worlds()` draws agendas as plain values; `World` writes one as rows for the product, and answers by walking
the minutes of the period on the clocks of the place.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from rdv_insertion.agenda.enums import OfferAnswer
from rdv_insertion.agenda.models import EarlierSlotOffer, Lieu, Motif, WaitingListEntry
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from tests.factories import (
    AbsenceFactory,
    AgentFactory,
    DepartmentFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

# What is expected: for each offer, by (start, agent id), the motifs that fit.
Starts = dict[str, dict[tuple[datetime, int], set[int]]]

WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)

# Around both clock changes, Labour Day, Good Friday in Alsace, and a local day of three overseas territories.
_ANCHORS = (
    date(2026, 3, 28),
    date(2026, 10, 24),
    date(2026, 4, 30),
    date(2026, 4, 2),
    date(2026, 5, 26),
    date(2026, 9, 23),
    date(2027, 12, 19),
)
_EVERYWHERE = {date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 8), date(2026, 5, 25), date(2026, 11, 1)}
# Department → zone of its places, and its days off around the anchors.
_DEPARTMENTS = {
    "26": ("Europe/Paris", _EVERYWHERE),
    "67": ("Europe/Paris", _EVERYWHERE | {date(2026, 4, 3)}),
    "971": ("America/Guadeloupe", _EVERYWHERE | {date(2026, 4, 3), date(2026, 5, 27)}),
    "974": ("Indian/Reunion", _EVERYWHERE | {date(2027, 12, 20)}),
    "988": ("Pacific/Noumea", _EVERYWHERE | {date(2026, 9, 24)}),
}


def occurs(first_day: date, rule: str, day: date) -> bool:
    """Whether a recurrence falls on `day`, read by hand."""
    if day < first_day or not rule:
        return day == first_day
    parts = dict(part.split("=") for part in rule.split(";"))
    if "UNTIL" in parts and day > datetime.strptime(parts["UNTIL"][:8], "%Y%m%d").date():
        return False
    if not _fits(first_day, parts, day):
        return False
    before = (first_day + timedelta(days=number) for number in range((day - first_day).days))
    return "COUNT" not in parts or sum(_fits(first_day, parts, one) for one in before) < int(parts["COUNT"])


def _fits(first_day: date, parts: dict[str, str], day: date) -> bool:
    interval = int(parts.get("INTERVAL", 1))
    if parts["FREQ"] == "WEEKLY":
        monday = day - timedelta(days=day.weekday())
        first_monday = first_day - timedelta(days=first_day.weekday())
        names = parts["BYDAY"].split(",") if "BYDAY" in parts else []
        wanted = [WEEKDAYS[name] for name in names] or [first_day.weekday()]
        return (monday - first_monday).days // 7 % interval == 0 and day.weekday() in wanted
    months = (day.year - first_day.year) * 12 + day.month - first_day.month
    nth, name = int(parts["BYDAY"][:-2]), parts["BYDAY"][-2:]
    last_of_month = (day + timedelta(days=7)).month != day.month
    right_place = last_of_month if nth == -1 else (day.day - 1) // 7 + 1 == nth
    return months % interval == 0 and day.weekday() == WEEKDAYS[name] and right_place


# ---- What an agenda may hold, as plain values.

_BYDAY = st.lists(st.sampled_from(sorted(WEEKDAYS)), min_size=1, max_size=7, unique=True).map(",".join)
_ENDS = st.one_of(
    st.just(""),
    st.integers(1, 30).map(";COUNT={}".format),
    st.dates(date(2026, 3, 25), date(2026, 11, 1)).map(lambda day: f";UNTIL={day:%Y%m%d}T235959"),
)
RULES = st.one_of(
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY={}{}".format, st.integers(1, 5), _BYDAY, _ENDS),
    st.builds("FREQ=WEEKLY;INTERVAL={}{}".format, st.integers(1, 5), _ENDS),
    st.builds(
        "FREQ=MONTHLY;INTERVAL={};BYDAY={}{}{}".format,
        st.integers(1, 5),
        st.sampled_from([1, 2, 3, 4, 5, -1]),
        st.sampled_from(sorted(WEEKDAYS)),
        _ENDS,
    ),
)
# Recurrences that fall often, so that most agendas have something in them.
_OFTEN = st.just("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU")
_AGENTS, _OFFSETS = st.integers(0, 1), st.integers(-75, 3)
_TIMES = st.integers(6 * 12, 20 * 12).map(lambda fives: time(fives * 5 // 60, fives * 5 % 60))
_HOURS = st.tuples(_TIMES, _TIMES).map(sorted).filter(lambda pair: pair[0] < pair[1])
_EXCEPTIONS = st.sets(st.integers(0, 4), max_size=2)
_MINUTES = st.integers(0, 4 * 24 * 12).map(lambda fives: timedelta(minutes=5 * fives))
_STATUSES = ("unknown", "seen", "noshow", "excused", "revoked")


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """An agenda; days count from the anchor, agents and motifs are 0 or 1."""
    motifs = st.tuples(
        st.sampled_from([20, 30, 45, 60]),
        st.sampled_from([0, 0, 10]),
        st.sampled_from([30, 1_000]),
        st.booleans(),
    )
    plages = st.tuples(
        _AGENTS, _OFFSETS, _HOURS, st.one_of(st.just(""), _OFTEN, RULES), _EXCEPTIONS, st.integers(0, 2)
    )
    once = st.tuples(st.just(""), st.integers(0, 2))
    again = st.tuples(RULES, st.just(0))
    absences = st.tuples(_AGENTS, _OFFSETS, _HOURS, st.one_of(once, again), _EXCEPTIONS, st.booleans())
    rdvs = st.tuples(_AGENTS, _MINUTES, st.integers(1, 24), st.sampled_from(_STATUSES), st.integers(0, 1))
    held = st.tuples(
        _AGENTS,
        _MINUTES,
        st.integers(1, 12),
        st.sampled_from(["kept", "for them", "too late", "declined"]),
        st.integers(0, 1),
    )
    return {
        "anchor": draw(st.sampled_from(_ANCHORS)),
        "department": draw(st.sampled_from(sorted(_DEPARTMENTS))),
        "motifs": draw(st.lists(motifs, min_size=1, max_size=2)),
        "plages": draw(st.lists(plages, min_size=1, max_size=4)),
        "absences": draw(st.lists(absences, max_size=2)),
        "rdvs": draw(st.lists(rdvs, max_size=4)),
        "held": draw(st.lists(held, max_size=2, unique_by=lambda one: one[:2])),
        "receivers": draw(
            st.dictionaries(st.integers(0, 1), st.frozensets(st.integers(0, 1), max_size=1), max_size=1)
        ),
        "now": draw(st.integers(0, 2 * 24 * 12).map(lambda fives: timedelta(minutes=5 * fives))),
        "length": draw(st.integers(1, 4)),
    }


class World:
    """The same agenda twice: rows for the product, and answers minute by minute for the oracle."""

    def __init__(self, plain: dict[str, Any]) -> None:
        self.plain, self.anchor = plain, plain["anchor"]
        zone, self.closed = _DEPARTMENTS[plain["department"]]
        self.zone = ZoneInfo(zone)
        self.start = dates.at(self.anchor, time(0), self.zone).astimezone(UTC)
        # From the day before the period to four days after.
        self.now = self.start + plain["now"] - _DAY
        self.minutes = [self.start + number * _MINUTE for number in range(-1440, 5 * 1440)]
        self._read: dict[str, dict[date, list[tuple[int, time]]]] = {}
        self._write()

    def _write(self) -> None:
        number = self.plain["department"]
        self.organisation = OrganisationFactory(
            department=DepartmentFactory(number=number, name=f"Département {number}")
        )
        self.lieu: Lieu = LieuFactory(organisation=self.organisation, time_zone_name=self.zone.key)
        self.agents: list[Agent] = AgentFactory.create_batch(2)
        self.motifs: list[Motif] = [
            MotifFactory(
                organisation=self.organisation,
                duration=timedelta(minutes=duration),
                pause=timedelta(minutes=pause),
                min_public_booking_delay=timedelta(minutes=delay),
                max_public_booking_delay=timedelta(days=3),
                by_phone=by_phone,
            )
            for duration, pause, delay, by_phone in self.plain["motifs"]
        ]
        for plage in self.plain["plages"]:
            self._write_plage(*plage)
        for absence in self.plain["absences"]:
            self._write_absence(*absence)
        for agent, offset, fives, status, motif in self.plain["rdvs"]:
            RdvFactory(
                motif=self._motif(motif),
                agents=[self.agents[agent]],
                starts_at=self.start + offset,
                ends_at=self.start + offset + timedelta(minutes=5 * fives),
                status=status,
                overbooked=True,
            )
        self.ignored_offer: int | None = None
        for held in self.plain["held"]:
            self._write_held(*held)

    def _motif(self, number: int) -> Motif:
        return self.motifs[number % len(self.motifs)]

    def _motifs_of(self, choice: int) -> list[Motif]:
        """0: the first, 1: the last, 2: all."""
        return self.motifs if choice == 2 else [self.motifs[-choice]]

    def _day(self, offset: int) -> date:
        return self.anchor + timedelta(days=offset)

    def _write_plage(
        self, agent: int, offset: int, hours: list[time], rule: str, exceptions: set[int], motifs: int
    ) -> None:
        PlageOuvertureFactory(
            motif=self.motifs[0],
            motifs=self._motifs_of(motifs),
            agent=self.agents[agent],
            lieu=self.lieu,
            first_day=self._day(offset),
            start_time=hours[0],
            end_time=hours[1],
            recurrence=rule,
            last_day=None if rule else self._day(offset),
            exception_dates=[self._day(one) for one in exceptions],
        )

    def _write_absence(
        self,
        agent: int,
        offset: int,
        hours: list[time],
        rule: tuple[str, int],
        exceptions: set[int],
        paris: bool,
    ) -> None:
        recurrence, length = rule
        AbsenceFactory(
            agent=self.agents[agent],
            first_day=self._day(offset),
            start_time=hours[0],
            end_day=self._day(offset + length),
            end_time=hours[1],
            recurrence=recurrence,
            exception_dates=[self._day(one) for one in exceptions],
            time_zone_name="Europe/Paris" if paris else self.zone.key,
        )

    def _write_held(self, agent: int, offset: timedelta, fives: int, state: str, motif: int) -> None:
        offer = EarlierSlotOffer.objects.create(
            entry=WaitingListEntry.objects.create(participation=ParticipationFactory(), asked_at=self.now),
            agent=self.agents[agent],
            motif=self._motif(motif),
            starts_at=self.start + offset,
            ends_at=self.start + offset + timedelta(minutes=5 * fives),
            offered_at=self.now,
            expires_at=self.now + (timedelta(0) if state == "too late" else timedelta(hours=2)),
            answer=OfferAnswer.DECLINED if state == "declined" else OfferAnswer.WAITING,
        )
        if state == "for them":
            self.ignored_offer = offer.pk

    # ---- The reading.

    @property
    def receivers(self) -> dict[int, frozenset[int]]:
        """The agents who may receive, for the motifs that say so."""
        return {
            self.motifs[motif].pk: frozenset(self.agents[agent].pk for agent in agents)
            for motif, agents in self.plain["receivers"].items()
            if motif < len(self.motifs)
        }

    def starts(self, *, public: bool) -> Starts:
        """Every start of the period around the anchor, as agents see it, or others, delays aside."""
        busy = [self._busy(agent, public) for agent in (0, 1)]
        found: Starts = {f"lieu-{self.lieu.pk}": {}, "phone": {}}
        for agent, offset, (begins, ends), rule, exceptions, motifs in self.plain["plages"]:
            off = self.closed | {self._day(one) for one in exceptions}
            for day, minutes in self._walls(self.zone).items():
                if day in off or not occurs(self._day(offset), rule, day):
                    continue
                open_minutes = [
                    place for place, clock in minutes if begins <= clock < ends and place not in busy[agent]
                ]
                for motif in self._motifs_of(motifs):
                    self._add(found, agent, motif, _cut(open_minutes, motif))
        return found

    def _walls(self, zone: ZoneInfo) -> dict[date, list[tuple[int, time]]]:
        """The minutes of each day on these clocks, with the time that they show."""
        if zone.key not in self._read:
            days: defaultdict[date, list[tuple[int, time]]] = defaultdict(list)
            for place, minute in enumerate(self.minutes):
                wall = minute.astimezone(zone)
                days[wall.date()].append((place, wall.time()))
            self._read[zone.key] = days
        return self._read[zone.key]

    def _add(self, found: Starts, agent: int, motif: Motif, places: Iterable[int]) -> None:
        agent_id = self.agents[agent].pk
        if agent_id not in self.receivers.get(motif.pk, {agent_id}):
            return
        key = "phone" if motif.location_type == "phone" else f"lieu-{self.lieu.pk}"
        for place in places:
            found[key].setdefault((self.minutes[place], agent_id), set()).add(motif.pk)

    def _busy(self, agent: int, public: bool) -> set[int]:
        """The minutes at which the agent is taken: an absence, a live rdv with its pause, a créneau kept."""
        taken = self._rdvs_of(agent) + (self._held_of(agent) if public else [])
        busy = {self.minutes.index(start) + more for start, length in taken for more in range(length)}
        for number, offset, (begins, ends), (rule, length), exceptions, paris in self.plain["absences"]:
            off = {self._day(one) for one in exceptions}
            for first in (self._day(back) for back in range(-5, 9)):
                if number != agent or first in off or not occurs(self._day(offset), rule, first):
                    continue
                last = first + timedelta(days=length)
                for day, minutes in self._walls(dates.PARIS if paris else self.zone).items():
                    if first <= day <= last:
                        busy |= {
                            place
                            for place, clock in minutes
                            if (day > first or clock >= begins) and (day < last or clock < ends)
                        }
        return busy

    def _rdvs_of(self, agent: int) -> list[tuple[datetime, int]]:
        """The starts of the agent's live rdvs, and how many minutes each takes."""
        return [
            (self.start + offset, 5 * fives + self._pause(motif))
            for number, offset, fives, status, motif in self.plain["rdvs"]
            if number == agent and status not in ("excused", "revoked")
        ]

    def _held_of(self, agent: int) -> list[tuple[datetime, int]]:
        # Only the last one written « for them » is given as theirs.
        theirs = [one for one in self.plain["held"] if one[3] == "for them"][-1:]
        return [
            (self.start + one[1], 5 * one[2] + self._pause(one[4]))
            for one in self.plain["held"]
            if one[0] == agent and one[3] in ("kept", "for them") and one not in theirs
        ]

    def _pause(self, motif: int) -> int:
        return int(self._motif(motif).pause / _MINUTE)


def _cut(open_minutes: list[int], motif: Motif) -> list[int]:
    """Walk the free minutes: a rdv begins where a run begins, or where the one before leaves off."""
    free, length = set(open_minutes), int(motif.duration / _MINUTE)
    starts, next_start = [], -1
    for place in open_minutes:
        if place - 1 not in free:
            next_start = place
        if place == next_start and all(one in free for one in range(place, place + length)):
            starts.append(place)
            next_start = place + length + int(motif.pause / _MINUTE)
    return starts
