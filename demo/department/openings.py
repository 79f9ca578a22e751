"""When agents receive and when they do not: weekly plages, absences, workshops.

The plages began three months ago and go on for three more, so that past weeks of the agenda make sense too.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from demo.department.structures import MOTIFS, Structures
from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates

HALF_SEASON = timedelta(days=91)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Opening(NamedTuple):
    """A weekly plage: `days` are RRULE's, `lieu` is None away from any place, `every` counts weeks."""

    agent: str
    days: str
    hours: tuple[int, int]
    lieu: str | None
    motifs: tuple[str, ...]
    every: int = 1


_ORIENTATION, _BY_PHONE = ("valence_orientation",), ("valence_orientation_phone",)
_ORIENTATION_OR_CER = ("valence_orientation", "valence_cer")
_ALL_OF_VALENCE = (*_ORIENTATION_OR_CER, "valence_convocation")
_FT = ("montelimar_orientation", "montelimar_accompagnement")

OPENINGS: tuple[Opening, ...] = (
    Opening("agent", "MO,TU,TH", (9, 12), "valence_centre", _ORIENTATION),
    Opening("agent", "TU,TH", (14, 17), "valence_centre", _ALL_OF_VALENCE),
    Opening("agent", "WE", (9, 12), "crest_cms", _ORIENTATION),
    Opening("agent", "FR", (9, 12), None, _BY_PHONE),
    Opening("sophie.lambert", "MO,WE", (9, 12), "valence_haut", _ALL_OF_VALENCE),
    Opening("sophie.lambert", "MO,WE", (14, 17), "valence_haut", _ORIENTATION),
    Opening("sophie.lambert", "FR", (9, 12), "romans_cms", _ORIENTATION_OR_CER),
    Opening("thomas.girard", "TU,TH", (9, 12), "romans_cms", _ORIENTATION),
    Opening("thomas.girard", "TU", (14, 17), "romans_cms", ("valence_accompagnement",)),
    Opening("thomas.girard", "WE", (9, 12), None, _BY_PHONE),
    Opening("nadia.cherif", "MO,TH", (9, 12), "crest_cms", _ORIENTATION_OR_CER),
    Opening("nadia.cherif", "TU", (9, 13), "nyons_cms", _ORIENTATION, 2),
    Opening("nadia.cherif", "WE", (14, 17), None, _BY_PHONE),
    Opening("julien.roche", "TU,FR", (9, 12), "pierrelatte_cms", _ORIENTATION_OR_CER),
    Opening("julien.roche", "TH", (14, 17), None, ("valence_accompagnement_visio",)),
    Opening("elodie.perrin", "MO", (14, 17), "valence_centre", ("valence_cer",)),
    Opening(
        "elodie.perrin", "TU,WE,FR", (9, 12), "valence_centre", ("valence_accompagnement", "valence_cer")
    ),
    Opening("marc.vidal", "TU", (9, 12), "die_centre", ("die_orientation",)),
    Opening("amelie.chabert", "MO,TH", (9, 12), "die_centre", ("die_accompagnement",)),
    Opening("amelie.chabert", "WE", (14, 17), "crest_die", ("die_accompagnement",)),
    Opening("partenaire", "TU,TH", (14, 17), "die_centre", ("die_accompagnement", "die_orientation")),
    Opening("partenaire", "FR", (9, 11), None, ("die_accompagnement_phone",)),
    Opening("olivier.blanc", "TU", (9, 12), "montelimar_agence", _FT),
    Opening("fatou.diallo", "MO,WE", (9, 12), "montelimar_agence", _FT),
    Opening("fatou.diallo", "TH", (9, 12), "nyons_permanence", _FT, 2),
    Opening("christophe.meunier", "TU,FR", (13, 17), "montelimar_agence", _FT),
    Opening("christophe.meunier", "WE", (14, 17), None, ("montelimar_accompagnement_visio",)),
    Opening("bruno.ferrand", "MO,TH", (9, 12), "romans_atelier", ("romans_entretien",)),
    Opening("samira.haddad", "TU,FR", (14, 17), "romans_atelier", ("romans_entretien",)),
    Opening("samira.haddad", "WE", (9, 11), None, ("romans_entretien_phone",)),
)


def create_plages(structures: Structures, *, today: date) -> None:
    """Write the weekly plages, a few of them with a day off in the coming weeks."""
    rows = [
        _plage(structures, opening, today=today, exception=position % 6 == 1)
        for position, opening in enumerate(OPENINGS)
    ]
    PlageOuverture.objects.bulk_create(rows)
    received = PlageOuverture.motifs.through
    received.objects.bulk_create(
        received(plageouverture=plage, motif=structures.motifs[motif])
        for plage, opening in zip(rows, OPENINGS, strict=True)
        for motif in opening.motifs
    )


def _plage(structures: Structures, opening: Opening, *, today: date, exception: bool) -> PlageOuverture:
    weekdays = [_WEEKDAYS.index(day) for day in opening.days.split(",")]
    since, until = today - HALF_SEASON, today + HALF_SEASON
    motif = structures.motifs[opening.motifs[0]]
    lieu = structures.lieux[opening.lieu] if opening.lieu else None
    by = LocationType(motif.location_type).label.lower()
    return PlageOuverture(
        agent=structures.agents[opening.agent],
        organisation=structures.organisations[MOTIFS[opening.motifs[0]][0]],
        lieu=lieu,
        title=f"{motif.name} – {lieu.name if lieu else by}",
        first_day=_next_day(since, weekdays),
        start_time=time(opening.hours[0]),
        end_time=time(opening.hours[1]),
        recurrence=f"FREQ=WEEKLY;INTERVAL={opening.every};BYDAY={opening.days};UNTIL={until:%Y%m%d}T235959",
        last_day=until,
        exception_dates=[_next_day(today + timedelta(days=8), weekdays)] if exception else [],
    )


def _next_day(since: date, weekdays: list[int]) -> date:
    """The first of these weekdays on or after `since`."""
    return next(
        day for day in (since + timedelta(days=number) for number in range(7)) if day.weekday() in weekdays
    )


def create_absences(structures: Structures, *, today: date) -> None:
    """Write holidays, a training, a sick leave, and the weekly meeting of the Valence team."""
    monday = _next_day(today + timedelta(days=21), [0])
    friday = _next_day(today - HALF_SEASON, [4])
    agents = structures.agents
    Absence.objects.bulk_create(
        [
            _absence(agents["agent"], "Congés", monday, monday + timedelta(days=4)),
            _absence(
                agents["nadia.cherif"], "Formation", today + timedelta(days=9), today + timedelta(days=10)
            ),
            _absence(
                agents["julien.roche"], "Arrêt maladie", today - timedelta(days=2), today + timedelta(days=3)
            ),
            _absence(
                agents["amelie.chabert"], "Congés", monday - timedelta(days=7), monday - timedelta(days=3)
            ),
            _absence(
                agents["fatou.diallo"], "Congés", monday + timedelta(days=14), monday + timedelta(days=25)
            ),
            *(
                Absence(
                    agent=agents[key],
                    title="Réunion d'équipe",
                    first_day=friday,
                    end_day=friday,
                    start_time=time(11),
                    end_time=time(12),
                    recurrence="FREQ=WEEKLY;BYDAY=FR",
                )
                for key in ("agent", "sophie.lambert", "elodie.perrin")
            ),
        ]
    )


def _absence(agent: Agent, title: str, first_day: date, last: date) -> Absence:
    return Absence(
        agent=agent,
        title=title,
        first_day=first_day,
        start_time=time(8),
        end_day=last,
        end_time=time(19),
        last_day=last,
    )


def workshop_moments(now: datetime) -> list[datetime]:
    """The starts of the collective workshop: every other Thursday at 14:00, from last month on."""
    thursday = _next_day(dates.today(now) - timedelta(days=28), [3])
    return [dates.at(thursday + timedelta(days=14 * number), time(14), dates.PARIS) for number in range(7)]
