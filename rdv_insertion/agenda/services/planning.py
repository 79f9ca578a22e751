"""What agents plan themselves: an appointment at any moment, with warnings they may override knowingly."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from rdv_insertion.agenda import conflicts
from rdv_insertion.agenda.announcements import Change, announce
from rdv_insertion.agenda.enums import CANCELLED, CreatedBy
from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Motif, Participation, Rdv
from rdv_insertion.agenda.plans import Plan
from rdv_insertion.agenda.services.booking import take_parts
from rdv_insertion.agenda.services.errors import NotAllowed, Unconfirmed
from rdv_insertion.agenda.services.occupation import lock_agents, write_with_agents
from rdv_insertion.agenda.services.statuses import locked, write_statuses
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import open_follow_ups
from rdv_insertion.kernel import dates
from rdv_insertion.kernel.bulk import update_columns
from rdv_insertion.usagers.models import Usager
from rdv_insertion.usagers.services import attach


@transaction.atomic
def create_rdv(*, plan: Plan, by: Agent, notify: bool, acknowledged: bool | str, now: datetime) -> Rdv:
    """Plan a rdv; the people join the organisation, their follow-ups open, everybody is told.

    Raises Unconfirmed with what `by` must first have read, unless `acknowledged` is True, or the fingerprint
    of exactly these warnings; NotAllowed for what no one may do (no agent, no place on site, the same rdv
    twice, more people than seats).
    """
    _check(plan, now)
    lock_agents([agent.pk for agent in plan.agents])
    conflict = _confirm(plan, acknowledged, now=now)
    _keep_place(plan)
    rdv = Rdv(
        organisation=plan.motif.organisation,
        motif=plan.motif,
        lieu=plan.lieu,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        name=plan.name,
        context=plan.context,
        max_participants_count=plan.max_participants_count if plan.motif.collective else None,
        seats_taken=len(plan.usagers) if plan.motif.collective else 0,
        overbooked=conflict,
        created_by=CreatedBy.AGENT,
        created_by_agent=by,
        created_at=now,
        scheduled_at=now,
    )
    _write(rdv, plan.agents, now)
    participations = _join(rdv, plan.usagers, by, now)
    announce(Change.CREATED, rdv, participations, by=by, tell_people=notify)
    return rdv


@transaction.atomic
def create_rdvs(
    *, plans: Sequence[Plan], by: Agent, notify: bool, acknowledged: bool | str, now: datetime
) -> list[Rdv]:
    """Plan several rdvs, all or none. Raises as `create_rdv`, with the warnings of all, each with its day."""
    found = [(plan, one) for plan in plans for one in conflicts.warnings(plan, now=now)]
    several = len(plans) > 1
    unread = Unconfirmed([_dated(plan, one.sentence) if several else one.sentence for plan, one in found])
    if found and acknowledged is not True and acknowledged != unread.fingerprint:
        for plan in plans:
            _check(plan, now)
        raise unread
    return [create_rdv(plan=plan, by=by, notify=notify, acknowledged=True, now=now) for plan in plans]


def _dated(plan: Plan, sentence: str) -> str:
    day = plan.starts_at.astimezone(plan.time_zone).date()
    return f"{dates.long_date(day).capitalize()} : {sentence}"


@transaction.atomic
def reschedule(
    *,
    rdv: Rdv,
    starts_at: datetime,
    ends_at: datetime,
    by: Agent,
    notify: bool,
    acknowledged: bool | str,
    now: datetime,
    agents: Sequence[Agent] | None = None,
) -> Rdv:
    """Give a live rdv other hours, and other agents when they are given.

    People are told, with `notify`, when the start or the place changes and the rdv is to come. Raises
    Unconfirmed and NotAllowed as `create_rdv`.
    """
    rdv = _locked(rdv)
    plan = Plan(
        motif=rdv.motif,
        starts_at=starts_at,
        ends_at=ends_at,
        agents=list(rdv.agents.all()) if agents is None else list(agents),
        lieu=rdv.lieu,
        usagers=[one.usager for one in rdv.participations.all() if one.status not in CANCELLED],
        name=rdv.name,
        context=rdv.context,
        max_participants_count=rdv.max_participants_count,
    )
    return _change(rdv, plan, by=by, notify=notify, acknowledged=acknowledged, now=now)


@transaction.atomic
def change_rdv(
    *, rdv: Rdv, plan: Plan, by: Agent, notify: bool, acknowledged: bool | str, now: datetime
) -> Rdv:
    """Have a live rdv be as `plan`, its people aside, who stay. Raises as `create_rdv`."""
    rdv = _locked(rdv)
    people = [one.usager for one in rdv.participations.all() if one.status not in CANCELLED]
    plan = replace(plan, usagers=people)
    return _change(rdv, plan, by=by, notify=notify, acknowledged=acknowledged, now=now)


def _locked(rdv: Rdv) -> Rdv:
    Rdv.objects.select_for_update(no_key=True).only("pk").get(pk=rdv.pk)
    found = Rdv.objects.select_related("motif", "lieu", "organisation__department")
    current = found.prefetch_related("agents", "participations__usager").get(pk=rdv.pk)
    if current.status in CANCELLED:
        raise NotAllowed("Ce rendez-vous est annulé : il ne peut plus être modifié.")
    return current


def _change(rdv: Rdv, plan: Plan, *, by: Agent, notify: bool, acknowledged: bool | str, now: datetime) -> Rdv:
    _check(plan, now, rdv)
    lock_agents([agent.pk for agent in plan.agents])
    conflict = _confirm(plan, acknowledged, now=now, rdv=rdv)
    _keep_place(plan)
    former_starts_at, former_lieu = rdv.starts_at, rdv.lieu_id
    former_agents = frozenset(agent.pk for agent in rdv.agents.all())
    rdv.motif, rdv.lieu = plan.motif, plan.lieu
    rdv.starts_at, rdv.ends_at = plan.starts_at, plan.ends_at
    rdv.name, rdv.context = plan.name, plan.context
    rdv.max_participants_count = plan.max_participants_count if plan.motif.collective else None
    rdv.overbooked = conflict
    rdv.sequence += 1
    elsewhere = rdv.starts_at != former_starts_at or rdv.lieu_id != former_lieu
    if rdv.starts_at != former_starts_at:
        rdv.scheduled_at = now
    _write(rdv, plan.agents, now)
    concerned = _next_version(rdv) if elsewhere else []
    announce(
        Change.MOVED,
        rdv,
        concerned if rdv.starts_at > now else [],
        by=by,
        tell_people=notify,
        former_starts_at=former_starts_at,
        former_agents=former_agents,
    )
    # What was read with it (agents, people) is what it was before.
    rdv.refresh_from_db()
    return rdv


def _next_version(rdv: Rdv) -> list[Participation]:
    """The live participations, whose own calendars must replace what they hold."""
    live = [one for one in rdv.participations.all() if one.status not in CANCELLED]
    for participation in live:
        participation.sequence += 1
    update_columns(live, ["sequence"])
    tell_follow_ups([participation.follow_up_id for participation in live])
    return live


def _check(plan: Plan, now: datetime, rdv: Rdv | None = None) -> None:
    refusal = conflicts.refusal(plan, now=now, rdv=rdv)
    if refusal:
        raise NotAllowed(refusal)


def _confirm(plan: Plan, acknowledged: bool | str, *, now: datetime, rdv: Rdv | None = None) -> bool:
    """Whether the rdv overlaps another one of its agents; Unconfirmed unless everything was read."""
    found = conflicts.warnings(plan, now=now, rdv=rdv)
    unread = Unconfirmed([one.sentence for one in found])
    if found and acknowledged is not True and acknowledged != unread.fingerprint:
        raise unread
    return any(one.overlaps for one in found)


def _keep_place(plan: Plan) -> None:
    """A place for this rdv only is written with it."""
    if plan.lieu is not None and plan.lieu._state.adding:
        plan.lieu.save()


def _write(rdv: Rdv, agents: Sequence[Agent], now: datetime) -> None:
    try:
        with transaction.atomic():
            write_with_agents(rdv, [agent.pk for agent in agents], now=now)
    except IntegrityError as error:
        # Somebody booked between the reading and the writing: the agent reads it like any other overlap.
        raise Unconfirmed(["Un autre rendez-vous vient d'être pris à ce moment."]) from error


def _join(rdv: Rdv, usagers: Sequence[Usager], by: Agent, now: datetime) -> list[Participation]:
    attach(usagers=usagers, organisation=rdv.organisation, now=now)
    follow_ups = follow_ups_of(rdv.motif, usagers, now)
    participations = take_parts(rdv, usagers, follow_ups, created_by=CreatedBy.AGENT, by=by, now=now)
    tell_follow_ups([follow_up.pk for follow_up in follow_ups.values()])
    return participations


def follow_ups_of(motif: Motif, usagers: Sequence[Usager], now: datetime) -> dict[int, FollowUp]:
    """The follow-up of each person in the motif's category, by usager id; none without a category."""
    if motif.motif_category is None:
        return {}
    return open_follow_ups(usagers=usagers, motif_category=motif.motif_category, now=now)


@transaction.atomic
def cancel_rdv(*, rdv: Rdv, by: Agent, notify: bool, now: datetime) -> Rdv:
    """The service will not hold this rdv: it is revoked for everybody who was still to come."""
    # The rdv first: whoever takes a seat waits here, then finds it revoked.
    current = _locked(rdv)
    live = current.participations.filter(status=ParticipationStatus.UNKNOWN).values_list("pk", flat=True)
    concerned = locked(list(live))
    write_statuses(concerned, ParticipationStatus.REVOKED, notify=notify, by=by, now=now)
    current.refresh_from_db()
    if current.motif.collective or not concerned:
        current.status, current.cancelled_at = ParticipationStatus.REVOKED, now
        current.sequence += 1
        current.save(update_fields=["status", "cancelled_at", "sequence"])
        announce(Change.CANCELLED, current, [], by=by)
    return current
