"""When a plage or an absence takes place, in words."""

from datetime import date, time

from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agenda.schedules import Schedule, Scope
from rdv_insertion.kernel import dates

DAY_START, DAY_END = time(0), time(23, 59)
PRIVATE_TITLE = "Indisponibilité"


def clock_words(clock: time) -> str:
    """`9 h 30`."""
    return f"{clock.hour} h {clock.minute:02d}" if clock.minute else f"{clock.hour} h"


def is_whole_day(schedule: Schedule) -> bool:
    """Whether it covers whole days."""
    return schedule.start_time == DAY_START and schedule.end_time >= DAY_END


def hours_words(schedule: Schedule) -> str:
    """`de 9 h à 12 h`, or `toute la journée`."""
    if is_whole_day(schedule):
        return "toute la journée"
    return f"de {clock_words(schedule.start_time)} à {clock_words(schedule.end_time)}"


def when_words(schedule: Schedule) -> str:
    """`toutes les semaines, le lundi, de 9 h à 12 h`, `mardi 3 mars 2026, de 9 h à 12 h`."""
    if schedule.recurrence:
        return f"{schedule.words}, {hours_words(schedule)}"
    first, last = dates.long_date(schedule.first_day), dates.long_date(schedule.end_day)
    if schedule.first_day == schedule.end_day:
        return f"{first}, {hours_words(schedule)}"
    if is_whole_day(schedule):
        return f"du {first} au {last}"
    start, end = clock_words(schedule.start_time), clock_words(schedule.end_time)
    return f"du {first} à {start} au {last} à {end}"


def scope_words(scope: Scope, day: date) -> str:
    """`Le mardi 3 mars 2026 seulement`."""
    on = dates.long_date(day)
    return {
        Scope.ONE: f"Le {on} seulement",
        Scope.FOLLOWING: f"Le {on} et tous les jours suivants",
        Scope.ALL: "Toute la série, passé compris",
    }[scope]


def title_for(opening: PlageOuverture | Absence, *, viewer_id: int) -> str:
    """What this agent may read as its name: that of an absence is private."""
    if isinstance(opening, Absence) and opening.agent_id != viewer_id:
        return PRIVATE_TITLE
    return opening.title
