"""A booking, alone: many at once are in agenda_load.py."""

from datetime import datetime

from django.db import connection
from django.utils import timezone

from benchmarks import population
from benchmarks.measure import Figure, p95, queries, stopwatch
from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.models import Motif
from rdv_insertion.agenda.services import book
from rdv_insertion.followups.models import FollowUp

_AGENTS, _PEOPLE = 50, 60


def measure() -> list[Figure]:
    """50 agents at ten places: one booking after the other, each of the first free start of a place."""
    now = timezone.now()
    organisation = population.an_organisation()
    configuration = population.a_configuration(organisation)
    motif = population.an_agenda(configuration, _AGENTS, now=now)
    usagers = population.people(organisation, _PEOPLE + 2, now=now)
    ids = [one.pk for one in population.follow_ups(usagers, configuration, now=now)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    durations = _book(motif.pk, ids[2:], now)
    statements = queries(lambda: _book(motif.pk, ids[:2], now)) / 2
    return [
        Figure(
            "a booking, p95",
            p95(durations),
            goal=40,
            compared=f"{statements:.0f} statements, search of the free starts of the place included",
        ),
    ]


def _book(motif_id: int, follow_up_ids: list[int], now: datetime) -> list[float]:
    """Book the first free start of one place after another; the milliseconds of each booking."""
    motif = Motif.objects.select_related("organisation__department", "motif_category").get(pk=motif_id)
    asked = creneaux.offers([motif])
    durations = []
    people = FollowUp.objects.select_related("usager__department").in_bulk(follow_up_ids)
    for number, follow_up in enumerate(people.values()):
        offer = asked[number % len(asked)]
        starts_at = creneaux.starts_for_public([offer], now=now)[offer.key][0]
        key = f"benchmark-{follow_up.pk}"
        with stopwatch() as watch:
            book(offer=offer, starts_at=starts_at, follow_up=follow_up, booking_key=key, now=now)
        durations.append(watch.milliseconds)
    return durations
