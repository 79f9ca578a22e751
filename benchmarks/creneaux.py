"""Free slots over agents and weeks: the first one, that of each place, a week of agents, their number."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from benchmarks import population
from benchmarks.measure import Figure, median, queries, repeated, rows_read
from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.models import Motif, PlageOuverture

_MOST = 200


def measure() -> list[Figure]:
    """For 1, 10, 50 and 200 agents whose next sixty days are half full."""
    now = timezone.now()
    figures: list[Figure] = []
    for place, agents in enumerate((1, 10, 50, _MOST)):
        configuration = population.a_configuration(population.an_organisation(place))
        motif = population.an_agenda(configuration, agents, now=now)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        figures += _search(motif, agents, now)
    return figures


def _search(motif: Motif, agents: int, now: datetime) -> list[Figure]:
    asked, month, weeks = creneaux.offers([motif]), timedelta(days=30), timedelta(weeks=8)
    floor = median(repeated(lambda: list(PlageOuverture.objects.filter(motifs=motif).values_list())))
    searches: list[tuple[str, float | None, Callable[[], object]]] = [
        ("first free slot over 90 days", 20, lambda: creneaux.first_for_public(asked, now=now)),
        ("first free slot of each place", None, lambda: creneaux.first_by_offer_for_public(asked, now=now)),
        ("count over 30 days", 50, lambda: creneaux.count_for_public(asked, now=now, period=month)),
        ("every start over 90 days", None, lambda: creneaux.starts_for_public(asked, now=now)),
        ("every créneau over 8 weeks", None, lambda: creneaux.find(asked, since=now, until=now + weeks)),
    ]
    figures = []
    for name, goal, call in searches:
        value = median(repeated(call))
        read = f"{queries(call)} queries, {rows_read(call):,} rows"
        compared = f"{read}; x {value / floor:.0f} reading the plages alone"
        figures.append(
            Figure(
                f"{agents} agents: {name}", value, goal=goal if agents == _MOST else None, compared=compared
            )
        )
    return figures
