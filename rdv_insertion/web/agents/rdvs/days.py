"""The day of an agent: who came, said for several people at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agenda import services
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.kernel.text import plural
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.agenda.choices import Period, day_asked
from rdv_insertion.web.agents.participations import next_rdv_link
from rdv_insertion.web.agents.rdvs.effects import Effect, label_of, said_status, words_of
from rdv_insertion.web.agents.undo import offer_undo
from rdv_insertion.web.shell import current_organisation

_MOST = 500
_SAID_ONE_BY_ONE = 10
_OFFERED = (
    ParticipationStatus.SEEN,
    ParticipationStatus.NOSHOW,
    ParticipationStatus.EXCUSED,
    ParticipationStatus.REVOKED,
    ParticipationStatus.UNKNOWN,
)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """`?jour=2026-11-23&agent=12`: the rdvs of a day, today's and the viewer's by default."""
    viewer, now = agent_of(request), timezone.now()
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    zone = organisation.time_zone
    day = day_asked(request.GET.get("jour", ""), zone=zone)
    agents = list(organisation.agents.filter(is_active=True).order_by("last_name", "first_name", "pk"))
    chosen = next((one for one in agents if str(one.pk) == request.GET.get("agent")), viewer)
    period = Period(day, day, zone)
    participations = _of_the_day(viewer, chosen, period)
    context: dict[str, Any] = {
        "organisation": organisation,
        "day": day,
        "today": now.astimezone(zone).date(),
        "previous": day - timedelta(days=1),
        "next": day + timedelta(days=1),
        "agents": agents,
        "chosen": chosen,
        "participations": participations,
        "waiting": _count_waiting(participations, now),
        "offered": [
            Effect(status, label_of(status, begun=True), words_of(status, begun=True, told=""), "")
            for status in _OFFERED
        ],
        "now": now,
    }
    return render(request, "agents/rdvs/day.html", context)


def _of_the_day(viewer: Agent, chosen: Agent, period: Period) -> list[Participation]:
    found = Participation.objects.visible_to(viewer).filter(
        rdv__agents=chosen, rdv__starts_at__gte=period.since, rdv__starts_at__lt=period.until
    )
    ordered = found.with_details().order_by("rdv__starts_at", "usager__last_name", "pk")
    return list(ordered[:_MOST])


def _count_waiting(participations: Iterable[Participation], now: datetime) -> int:
    return sum(
        1 for one in participations if one.status == ParticipationStatus.UNKNOWN and one.rdv.has_begun(now)
    )


@require_POST
def record(request: HttpRequest) -> HttpResponse:
    """Say `statut` of each of `participations`; those for which it is impossible are said one by one."""
    viewer, now = agent_of(request), timezone.now()
    chosen = _visible(viewer, request.POST.getlist("participations"))
    back = page_to_return_to(request, reverse("rdv_day"))
    if not chosen:
        messages.warning(request, "Cochez au moins une personne : rien n'a été enregistré.")
        return redirect(back)
    status, notify = request.POST.get("statut", ""), request.POST.get("prevenir") == "oui"
    if status not in ParticipationStatus.values:
        messages.error(request, "Choisissez un statut : rien n'a été enregistré.")
        return redirect(back)
    recorded = services.record_statuses(
        participation_ids=list(chosen), status=status, notify=notify, by=viewer, now=now
    )
    tell(request, recorded, {status: len(recorded.changed)}, chosen, notify=notify, back=back)
    return redirect(back)


def _visible(viewer: Agent, ids: Iterable[str]) -> dict[int, str]:
    """The status of each of those that the agent may see, as it is now."""
    wanted = [int(one) for one in ids if one.isdecimal() and len(one) < 19][:_MOST]
    found = Participation.objects.visible_to(viewer).filter(pk__in=wanted)
    return dict(found.order_by("pk").values_list("pk", "status"))


def tell(
    request: HttpRequest,
    recorded: services.Recorded,
    counts: dict[str, int],
    before: dict[int, str],
    *,
    notify: bool,
    back: str,
) -> None:
    """Say what was recorded, how to undo it, and who was left out and why."""
    parts = [
        f"{plural(count, 'personne')} : {said_status(status)}" for status, count in counts.items() if count
    ]
    if parts:
        said = f"Enregistré pour {', '.join(parts)}."
        if len(recorded.changed) == 1 and recorded.changed[0].status == ParticipationStatus.SEEN:
            said = format_html("{} {}", said, next_rdv_link(recorded.changed[0]))
        messages.success(request, said)
        offer_undo(
            request,
            reverse("undo_day"),
            avant=",".join(f"{one.pk}:{before[one.pk]}" for one in recorded.changed),
            prevenir="oui" if notify else "non",
            next=back,
        )
    elif not recorded.refused:
        messages.info(request, "Rien n'a changé : ce statut était déjà enregistré.")
    _tell_refused(request, recorded)


def _tell_refused(request: HttpRequest, recorded: services.Recorded) -> None:
    for participation, reason in recorded.refused[:_SAID_ONE_BY_ONE]:
        messages.error(request, f"{participation.usager} : {reason}")
    left = len(recorded.refused) - _SAID_ONE_BY_ONE
    if left > 0:
        reasons = Counter(reason for _, reason in recorded.refused[_SAID_ONE_BY_ONE:])
        words = " ".join(reasons)
        messages.error(request, f"{plural(left, 'autre personne', 'autres personnes')} : {words}")


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Give back the statuses `avant=12:unknown,13:seen`."""
    viewer, now = agent_of(request), timezone.now()
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for pair in request.POST.get("avant", "")[: _MOST * 32].split(","):
        pk, _, status = pair.partition(":")
        if status in ParticipationStatus.values:
            wanted[status].append(pk)
    changed = 0
    for status, ids in wanted.items():
        recorded = services.record_statuses(
            participation_ids=list(_visible(viewer, ids)),
            status=status,
            notify=request.POST.get("prevenir") == "oui",
            by=viewer,
            now=now,
        )
        changed += len(recorded.changed)
        _tell_refused(request, recorded)
    if changed:
        words = plural(changed, "personne retrouve son statut", "personnes retrouvent leur statut")
        messages.success(request, f"Annulé : {words} d'avant.")
    return redirect(page_to_return_to(request, reverse("rdv_day")))
