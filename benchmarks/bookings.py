"""A booking, alone and from several processes at once."""

import multiprocessing
import time
from datetime import datetime

from django.db import connection, connections
from django.utils import timezone

from benchmarks import population
from benchmarks.measure import Figure, p95, queries, stopwatch
from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.models import Motif, Rdv
from rdv_insertion.agenda.services import SlotTaken, book
from rdv_insertion.followups.models import FollowUp

_AGENTS, _ALONE, _PROCESSES, _EACH = 50, 60, 4, 60


def measure() -> list[Figure]:
    """50 agents at ten places: one booking after the other, then four processes at the same places."""
    now = timezone.now()
    organisation = population.an_organisation()
    configuration = population.a_configuration(organisation)
    motif = population.an_agenda(configuration, _AGENTS, now=now)
    count = _ALONE + _PROCESSES * _EACH + 2
    usagers = population.people(organisation, count, now=now)
    ids = [one.pk for one in population.follow_ups(usagers, configuration, now=now)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    durations = _book(motif.pk, ids[2 : 2 + _ALONE], now)
    statements = queries(lambda: _book(motif.pk, ids[:2], now)) / 2
    before = Rdv.objects.count()
    seconds, contested = _in_parallel(motif.pk, ids[2 + _ALONE :], now)
    booked = Rdv.objects.count() - before
    return [
        Figure(
            "a booking, p95",
            p95(durations),
            goal=40,
            compared=f"{statements:.0f} statements, search included",
        ),
        Figure(
            f"bookings by {_PROCESSES} processes at the same places",
            booked / seconds,
            unit="/s",
            goal=100,
            compared=f"{booked} booked in {seconds:.1f} s, {contested} times somebody was faster",
            higher_is_better=True,
        ),
    ]


def _book(motif_id: int, follow_up_ids: list[int], now: datetime, *, first_place: int = 0) -> list[float]:
    """Book the first free start of one place after another; the milliseconds of each booking."""
    motif = Motif.objects.select_related("organisation__department", "motif_category").get(pk=motif_id)
    asked = creneaux.offers([motif])
    durations = []
    for number, follow_up in enumerate(
        FollowUp.objects.select_related("usager__department").in_bulk(follow_up_ids).values()
    ):
        offer = asked[(number + first_place) % len(asked)]
        starts = creneaux.starts_for_public([offer], now=now)[offer.key]
        done, place = False, 0
        while not done:
            with stopwatch() as watch:
                try:
                    book(
                        offer=offer,
                        starts_at=starts[place],
                        follow_up=follow_up,
                        booking_key=f"benchmark-{follow_up.pk}",
                        now=now,
                    )
                    done = True
                except SlotTaken:
                    place += 1
            durations.append(watch.milliseconds)
    return durations


def _in_parallel(motif_id: int, ids: list[int], now: datetime) -> tuple[float, int]:
    """Seconds from the first to the last booking, and how many times a start was gone."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(_PROCESSES + 1)
    results: multiprocessing.Queue[int] = context.Queue()

    def work(number: int) -> None:
        connections.close_all()
        part = ids[number::_PROCESSES]
        _book(motif_id, part[:0], now)
        ready.wait()
        results.put(len(_book(motif_id, part, now, first_place=number)) - len(part))
        connections.close_all()

    processes = [context.Process(target=work, args=(number,)) for number in range(_PROCESSES)]
    for process in processes:
        process.start()
    ready.wait()
    began = time.perf_counter()
    contested = sum(results.get() for _ in processes)
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    return seconds, contested
