"""What stands in the way of a rdv that an agent plans: what nobody may do, and what they may do knowingly."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from rdv_insertion.agenda import public_holidays
from rdv_insertion.agenda.convocations import NO_PHONE_TO_GIVE
from rdv_insertion.agenda.enums import LieuAvailability, LocationType
from rdv_insertion.agenda.models import (
    Absence,
    EarlierSlotOffer,
    Participation,
    PlageOuverture,
    Rdv,
    RdvAgent,
)
from rdv_insertion.agenda.phones import phone_to_give
from rdv_insertion.agenda.plans import Plan
from rdv_insertion.agenda.schedules import Schedule
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import plural

_LONGEST = timedelta(days=1)
_FAR = timedelta(days=5 * 366)


@dataclass(frozen=True)
class Conflict:
    """Something that an agent may override once they have read it: a French sentence."""

    sentence: str
    # Whether the agent's time is already taken: the rdv is then written as overbooked on purpose.
    overlaps: bool = False


def refusal(plan: Plan, *, now: datetime, rdv: Rdv | None = None) -> str:
    """Why nobody may write this plan: a French sentence, or an empty one. `rdv` is the one it changes."""
    return next(_refusals(plan, now, rdv), "")


def _refusals(plan: Plan, now: datetime, rdv: Rdv | None) -> Iterator[str]:
    if not plan.starts_at < plan.ends_at <= plan.starts_at + _LONGEST:
        yield "La fin doit venir après le début, le même jour."
    if not now - _FAR < plan.starts_at < now + _FAR:
        yield "Choisissez une date à moins de cinq ans d'ici."
    if plan.motif.deleted_at and (rdv is None or rdv.motif_id != plan.motif.pk):
        yield "Ce motif n'est plus en service."
    yield from _lieu_refusals(plan, rdv)
    if plan.motif.convocation and not phone_to_give(plan.motif, plan.lieu):
        yield NO_PHONE_TO_GIVE
    yield from _agent_refusals(plan)
    yield from _people_refusals(plan, rdv)


def _lieu_refusals(plan: Plan, rdv: Rdv | None) -> Iterator[str]:
    if plan.lieu is None:
        if plan.motif.location_type == LocationType.PUBLIC_OFFICE:
            yield "Choisissez un lieu : ce rendez-vous est sur place."
        return
    kept = rdv is not None and rdv.lieu_id == plan.lieu.pk
    if plan.lieu.organisation_id != plan.motif.organisation_id:
        yield "Ce lieu est celui d'une autre organisation."
    elif plan.lieu.availability == LieuAvailability.DISABLED and not kept:
        yield "Ce lieu est fermé : choisissez-en un autre."


def _agent_refusals(plan: Plan) -> Iterator[str]:
    if not plan.agents:
        yield "Choisissez au moins un agent."
    working = set(
        plan.motif.organisation.agents.filter(is_active=True, pk__in=[one.pk for one in plan.agents])
        .order_by()
        .values_list("pk", flat=True)
    )
    for agent in plan.agents:
        if agent.pk not in working:
            yield f"{agent} ne travaille pas dans cette organisation."


def _people_refusals(plan: Plan, rdv: Rdv | None) -> Iterator[str]:
    if plan.motif.collective:
        seats, people = plan.max_participants_count, len(plan.usagers)
        if seats is not None and seats < max(people, 1):
            yield f"Il faut au moins {plural(max(people, 1), 'place', 'places')}."
    elif not plan.usagers:
        yield "Choisissez la personne qui a ce rendez-vous."
    twice = Participation.objects.filter(
        usager__in=plan.usagers,
        status=ParticipationStatus.UNKNOWN,
        rdv__motif=plan.motif,
        rdv__starts_at=plan.starts_at,
    )
    if plan.usagers and twice.exclude(rdv=rdv).exists():
        yield "Cette personne a déjà ce rendez-vous, à cette heure-là."


def warnings(plan: Plan, *, now: datetime, rdv: Rdv | None = None) -> list[Conflict]:
    """What the agent must read before this plan is written. A constant number of queries."""
    zone, found = plan.time_zone, []
    if plan.starts_at < now:
        found.append(Conflict("Ce moment est déjà passé."))
    if public_holidays.between(plan.motif.organisation.department.number, *[_day(plan, zone)] * 2):
        found.append(Conflict("Ce jour est férié."))
    found += _overlaps(plan, rdv, zone)
    found += _kept_for_others(plan, now, zone)
    absent = _absent(plan, zone)
    found += [Conflict(f"{one} est indisponible à ce moment.") for one in plan.agents if one.pk in absent]
    if not plan.motif.collective:
        found += _outside_plages(plan, zone)
    found += _other_rdvs_of_people(plan, now, rdv, zone)
    return found


def _day(plan: Plan, zone: ZoneInfo) -> date:
    return plan.starts_at.astimezone(zone).date()


def _overlaps(plan: Plan, rdv: Rdv | None, zone: ZoneInfo) -> list[Conflict]:
    others = RdvAgent.objects.filter(
        agent__in=plan.agents, busy=True, starts_at__lt=plan.ends_at, ends_at__gt=plan.starts_at
    ).exclude(rdv=rdv)
    return [
        Conflict(f"{other.agent} a déjà un rendez-vous {_span(other.starts_at, other.ends_at, zone)}.", True)
        for other in others.select_related("agent").order_by("starts_at", "pk")
    ]


def _kept_for_others(plan: Plan, now: datetime, zone: ZoneInfo) -> list[Conflict]:
    kept = EarlierSlotOffer.objects.open_at(now).filter(
        agent__in=plan.agents, starts_at__lt=plan.ends_at, ends_at__gt=plan.starts_at
    )
    return [
        Conflict(
            "Ce créneau est proposé à une personne de la liste d'attente, "
            f"jusqu'à {dates.clock(one.expires_at.astimezone(zone))}."
        )
        for one in kept.order_by("expires_at")
    ]


def _absent(plan: Plan, zone: ZoneInfo) -> set[int]:
    """The agents who have an absence during the rdv."""
    day = _day(plan, zone)
    absences = Absence.objects.filter(
        Q(last_day=None) | Q(last_day__gte=day - timedelta(days=1)),
        agent__in=plan.agents,
        first_day__lte=day + timedelta(days=1),
    )
    return {absence.agent_id for absence in absences if _covers_some(absence, plan)}


def _covers_some(absence: Absence, plan: Plan) -> bool:
    zone = ZoneInfo(absence.time_zone_name)
    first, last = plan.starts_at.astimezone(zone).date(), plan.ends_at.astimezone(zone).date()
    occurrences = Schedule.of(absence).intervals(first, last, zone)
    return any(start < plan.ends_at and plan.starts_at < end for start, end in occurrences)


def _outside_plages(plan: Plan, zone: ZoneInfo) -> list[Conflict]:
    """The agents who do not receive for this motif at this moment."""
    day = _day(plan, zone)
    plages = PlageOuverture.objects.filter(
        Q(last_day=None) | Q(last_day__gte=day),
        agent__in=plan.agents,
        motifs=plan.motif,
        first_day__lte=day,
    )
    receiving = {plage.agent_id for plage in plages if _holds(plage, plan, day, zone)}
    return [
        Conflict(f"{agent} ne reçoit pas pour ce motif à ce moment.")
        for agent in plan.agents
        if agent.pk not in receiving
    ]


def _holds(plage: PlageOuverture, plan: Plan, day: date, zone: ZoneInfo) -> bool:
    """Whether the plage takes place that day, and the whole rdv is inside it."""
    occurrences = Schedule.of(plage).intervals(day, day, zone)
    return any(start <= plan.starts_at and plan.ends_at <= end for start, end in occurrences)


def _other_rdvs_of_people(plan: Plan, now: datetime, rdv: Rdv | None, zone: ZoneInfo) -> list[Conflict]:
    """People who have the same kind of rdv to come, or another one at that moment."""
    at_once = Q(rdv__starts_at__lt=plan.ends_at, rdv__ends_at__gt=plan.starts_at)
    same = Q(rdv__motif=plan.motif, rdv__starts_at__gt=now)
    if plan.motif.motif_category_id:
        same |= Q(rdv__motif__motif_category=plan.motif.motif_category_id, rdv__starts_at__gt=now)
    others = Participation.objects.filter(
        at_once | same, usager__in=plan.usagers, status=ParticipationStatus.UNKNOWN
    ).exclude(rdv=rdv)
    return [
        Conflict(
            f"{other.usager} a déjà un rendez-vous "
            f"{_span(other.rdv.starts_at, other.rdv.ends_at, zone)} ({other.rdv.motif.name})."
        )
        for other in others.select_related("usager", "rdv__motif").order_by("rdv__starts_at", "pk")
    ]


def _span(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """`le mardi 3 mars 2026 de 9 h à 9 h 30`."""
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    return f"le {dates.long_date(start.date())} de {dates.clock(start)} à {dates.clock(end)}"
