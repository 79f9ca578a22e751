"""Many people at once on the same agendas, from parallel processes, and what must hold afterwards.

`python -m benchmarks agenda_load` runs it whole; tests/agenda/test_load.py runs it small.
"""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, connections
from django.db.models import Count, F, Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks import population
from benchmarks.measure import Figure
from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.enums import CANCELLED, CreatedBy
from rdv_insertion.agenda.facts import facts_of
from rdv_insertion.agenda.models import Motif, Participation, Rdv
from rdv_insertion.agenda.services import AlreadyBooked, NotAllowed, SlotTaken, book, book_seat, cancel, move
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.models import Invitation

PROCESSES = 4
# A server of our size: each process answers this many people at once, with a connection each.
THREADS = 16
AGENTS, BOOKINGS, OPERATIONS, PEOPLE_AT_ONCE, SEATS = 20, 600, 2_000, 200, 30
# Of ten operations: six bookings, two moves, one cancellation, one seat of a workshop.
_MIX = ("book",) * 6 + ("move",) * 2 + ("cancel", "seat")
_TRIES = 8


@dataclass(frozen=True)
class Ground:
    """What the load happens on: motifs are read again by each process."""

    motif_id: int
    workshop_id: int
    follow_up_ids: Sequence[int]
    now: datetime


def measure() -> list[Figure]:
    """The mixed load, then everybody on one slot, with their invariants."""
    ground = prepare(AGENTS, BOOKINGS + OPERATIONS + PEOPLE_AT_ONCE)
    booking_seconds, booked = mixed_load(ground, ground.follow_up_ids[:BOOKINGS], mix=("book",))
    seconds, done = mixed_load(ground, ground.follow_up_ids[BOOKINGS:-PEOPLE_AT_ONCE])
    found = broken_invariants()
    confirmations = confirm_at_once(ground, PEOPLE_AT_ONCE)
    found += broken_invariants()
    wrong = sum(done[name] for name in done if name.startswith("error")) + len(found)
    return [
        Figure(
            f"bookings, {AGENTS} agents, {PROCESSES} processes",
            booked["book"] / booking_seconds,
            unit="/s",
            goal=100,
            compared=", ".join(f"{count} {name}" for name, count in sorted(booked.items())),
            higher_is_better=True,
        ),
        Figure(
            f"operations of a mixed load, {AGENTS} agents, {PROCESSES} processes",
            sum(done[name] for name in ("book", "move", "cancel", "seat")) / seconds,
            unit="/s",
            compared=", ".join(f"{count} {name}" for name, count in sorted(done.items())),
            higher_is_better=True,
        ),
        Figure(
            "broken invariants and unexpected errors",
            wrong,
            unit="",
            goal=0.5,
            compared="; ".join(found) or "no overlap, no lost seat, facts equal",
        ),
        Figure(
            f"{PEOPLE_AT_ONCE} people confirm one slot: rdvs",
            confirmations["booked"],
            unit="",
            goal=1,
            compared=", ".join(f"{count} {name}" for name, count in sorted(confirmations.items())),
        ),
    ]


def prepare(agents: int, people: int) -> Ground:
    """Agents at ten places, half taken already, a workshop of SEATS seats, and people to book for."""
    now = timezone.now()
    organisation = population.an_organisation()
    configuration = population.a_configuration(organisation)
    motif = population.an_agenda(configuration, agents, now=now)
    usagers = population.people(organisation, people, now=now)
    ids = [one.pk for one in population.follow_ups(usagers, configuration, now=now)]
    workshop = _workshop(motif, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Ground(motif.pk, workshop.pk, ids, now)


def _workshop(motif: Motif, now: datetime) -> Rdv:
    kind = Motif.objects.create(
        organisation=motif.organisation,
        motif_category=motif.motif_category,
        name="Atelier",
        collective=True,
        bookable_by=motif.bookable_by,
    )
    starts_at = now + timedelta(days=10)
    return Rdv.objects.create(
        organisation=motif.organisation,
        motif=kind,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        max_participants_count=SEATS,
        created_by=CreatedBy.AGENT,
        created_at=now,
        scheduled_at=now,
    )


def mixed_load(
    ground: Ground, people: Sequence[int], *, processes: int = PROCESSES, mix: Sequence[str] = _MIX
) -> tuple[float, Counter[str]]:
    """Seconds that one operation for each of `people` (follow-ups) took, and how many came to what."""

    def work(number: int) -> Counter[str]:
        return _Load(ground, people[number::processes], seed=number).run(mix)

    return in_processes(work, processes)


class _Load:
    """One process: people who book, move and cancel, choosing at random among what they were shown."""

    def __init__(self, ground: Ground, people: Sequence[int], *, seed: int) -> None:
        self.now = ground.now
        self.random = random.Random(seed)
        motif = Motif.objects.select_related("organisation__department", "motif_category").get(
            pk=ground.motif_id
        )
        self.offers = creneaux.offers([motif])
        self.starts = creneaux.starts_for_public(self.offers, now=self.now)
        found = FollowUp.objects.select_related("usager__department", "motif_category").in_bulk(people)
        self.people = list(found.values())
        self.workshop = Rdv.objects.select_related("motif__organisation").get(pk=ground.workshop_id)
        self.live: list[Participation] = []
        self.done: Counter[str] = Counter()

    def run(self, mix: Sequence[str]) -> Counter[str]:
        for follow_up in self.people:
            name = self.random.choice(mix)
            operation: Callable[[FollowUp], str] = getattr(self, f"_{name}")
            try:
                self.done[operation(follow_up)] += 1
            except Exception as error:  # noqa: BLE001 - anything unforeseen is what this looks for
                self.done[f"error {type(error).__name__}"] += 1
        return self.done

    def _somewhere(self) -> tuple[Offer, datetime]:
        offer = self.random.choice(self.offers)
        # The first weeks are those that everybody wants.
        return offer, self.random.choice(self.starts[offer.key][:200])

    def _book(self, follow_up: FollowUp) -> str:
        offer, starts_at = self._somewhere()
        for _ in range(_TRIES):
            try:
                key = f"load-{follow_up.pk}"
                taken = book(
                    offer=offer, starts_at=starts_at, follow_up=follow_up, booking_key=key, now=self.now
                )
            except SlotTaken as error:
                if not error.nearest:
                    return "nothing left"
                starts_at = self.random.choice(error.nearest).starts_at
            else:
                self.live.append(taken)
                return "book"
        return "gave up"

    def _move(self, follow_up: FollowUp) -> str:
        if not self.live:
            return self._book(follow_up)
        offer, starts_at = self._somewhere()
        try:
            move(participation=self.random.choice(self.live), offer=offer, starts_at=starts_at, now=self.now)
        except SlotTaken:
            return "move refused: taken"
        except NotAllowed:
            return "move refused: too late"
        return "move"

    def _cancel(self, follow_up: FollowUp) -> str:
        if not self.live:
            return self._book(follow_up)
        try:
            cancel(
                participation=self.live.pop(self.random.randrange(len(self.live))),
                now=self.now,
            )
        except NotAllowed:
            return "cancellation refused: too late"
        return "cancel"

    def _seat(self, follow_up: FollowUp) -> str:
        try:
            book_seat(rdv=self.workshop, follow_up=follow_up, booking_key=f"s-{follow_up.pk}", now=self.now)
        except (SlotTaken, AlreadyBooked):
            return "no seat left"
        return "seat"


def confirm_at_once(ground: Ground, people: int, processes: int = PROCESSES) -> Counter[str]:
    """So many people confirm one same slot, by its page; how many were answered what."""
    ids = ground.follow_up_ids[-people:]
    codes = _invite(ids, ground.now)
    motif = Motif.objects.select_related("organisation__department").get(pk=ground.motif_id)
    offer = creneaux.offers([motif])[0]
    starts_at = _with_one_agent(offer)
    before = Rdv.objects.filter(starts_at=starts_at, lieu=offer.lieu).count()

    def confirm(code: str) -> str:
        address = reverse("book_confirm", args=[code, offer.key, f"{starts_at:%Y%m%dT%H%M%SZ}"])
        status = Client(raise_request_exception=False, SERVER_NAME="localhost").post(address).status_code
        connections.close_all()
        return f"answers {status}"

    def work(number: int) -> Counter[str]:
        with ThreadPoolExecutor(THREADS) as pool:
            return Counter(pool.map(confirm, codes[number::processes]))

    _, answers = in_processes(work, processes)
    answers["booked"] = Rdv.objects.filter(starts_at=starts_at, lieu=offer.lieu).count() - before
    return answers


def _with_one_agent(offer: Offer) -> datetime:
    """A moment at which one agent is free, and no more."""
    free = Counter(one.starts_at for one in creneaux.find_for_public([offer], now=timezone.now())[offer.key])
    return next(starts_at for starts_at, agents in sorted(free.items()) if agents == 1)


def _invite(follow_up_ids: Sequence[int], now: datetime) -> list[str]:
    follow_ups = FollowUp.objects.filter(pk__in=follow_up_ids).select_related("usager")
    return [
        invitation.code
        for invitation in Invitation.objects.bulk_create(
            [population.an_invitation(follow_up, now=now) for follow_up in follow_ups]
        )
    ]


def in_processes(work: Callable[[int], Counter[str]], processes: int) -> tuple[float, Counter[str]]:
    """Run `work(number)` in several processes that begin together; the seconds it took, and the sum."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(processes + 1)
    results: multiprocessing.Queue[Counter[str]] = context.Queue()

    def one(number: int) -> None:
        connections.close_all()
        connection.ensure_connection()
        ready.wait()
        results.put(work(number))
        connections.close_all()

    running = [context.Process(target=one, args=(number,)) for number in range(processes)]
    for process in running:
        process.start()
    ready.wait()
    began = time.perf_counter()
    total: Counter[str] = sum((results.get() for _ in running), Counter())
    seconds = time.perf_counter() - began
    for process in running:
        process.join()
    return seconds, total


_OVERLAPS = """
    SELECT count(*) FROM agenda_rdvagent one JOIN agenda_rdvagent other
    ON one.agent_id = other.agent_id AND one.id < other.id AND one.busy AND other.busy
    AND tstzrange(one.starts_at, one.ends_at) && tstzrange(other.starts_at, other.ends_at)
"""
_OUT_OF_STEP = """
    SELECT count(*) FROM agenda_rdvagent part JOIN agenda_rdv rdv ON rdv.id = part.rdv_id
    WHERE (part.starts_at, part.ends_at, part.busy) <> (rdv.starts_at, rdv.ends_at, rdv.busy)
"""


def broken_invariants() -> list[str]:
    """What should never be, in the whole base; empty when all is well."""
    live = Participation.objects.exclude(status__in=CANCELLED)
    individual = Rdv.objects.filter(motif__collective=False)
    workshops = Rdv.objects.filter(motif__collective=True).annotate(
        people=Count("participations", filter=~Q(participations__status__in=CANCELLED))
    )
    found: dict[str, Any] = {
        "rdvs of one agent that overlap": _count(_OVERLAPS),
        "agents' times that differ from their rdv": _count(_OUT_OF_STEP),
        "people with two live rdvs in one follow-up": live.values("follow_up")
        .annotate(rdvs=Count("pk"))
        .filter(rdvs__gt=1)
        .order_by()
        .count(),
        "rdvs without exactly one agent": individual.annotate(several=Count("agents"))
        .exclude(several=1)
        .count(),
        "seats counted wrong": workshops.exclude(seats_taken=F("people")).count(),
        "workshops over their maximum": workshops.filter(people__gt=F("max_participants_count")).count(),
        "follow-ups told wrong": _wrong_facts(),
    }
    return [f"{count} {name}" for name, count in found.items() if count]


def _count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def _wrong_facts() -> int:
    history: dict[int | None, list[Participation]] = {}
    for one in Participation.objects.select_related("rdv").order_by("created_at", "pk"):
        history.setdefault(one.follow_up_id, []).append(one)
    follow_ups = FollowUp.objects.filter(pk__in=[key for key in history if key])
    return sum(
        (expected.latest_unknown_rdv_at, expected.last_participation_status)
        != (follow_up.latest_unknown_rdv_at, follow_up.last_participation_status)
        for follow_up in follow_ups
        for expected in [facts_of(history[follow_up.pk])]
    )
