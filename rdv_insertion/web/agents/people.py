"""Lists of people: one category, everybody, or the archives of an organisation."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.agenda.models import Participation
from rdv_insertion.agents.perms import get_organisation_for
from rdv_insertion.followups.enums import ACTION_REQUIRED, FollowUpStatus
from rdv_insertion.followups.models import FollowUp, FollowUpQuerySet
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services import free_slots
from rdv_insertion.invitations.services.postal import count_letters
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Tag, Usager
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.shell import remember_organisation

PAGE_SIZE = 25
ALL, ARCHIVED = "tous", "archives"
ACTION = "a-traiter"


@dataclass(frozen=True)
class Filters:
    """What the address asks for; whatever it does not understand is ignored."""

    statuses: tuple[str, ...] = ()
    search: str = ""
    tag: str = ""
    mine: bool = False
    # Those who found nothing to choose with their invitation.
    blocked: bool = False

    @classmethod
    def of(cls, request: HttpRequest) -> "Filters":
        """Read them from the query string; *À traiter* stands for the statuses that wait for an agent."""
        asked = request.GET.getlist("statut")
        if ACTION in asked:
            asked = [status.value for status in ACTION_REQUIRED]
        return cls(
            statuses=tuple(status for status in asked if status in FollowUpStatus.values),
            search=request.GET.get("q", "").replace("\x00", "").strip()[:100],
            tag=request.GET.get("tag", ""),
            mine=request.GET.get("referent") == "moi",
            blocked=request.GET.get("blocage") == "1",
        )

    @property
    def any(self) -> bool:
        """Whether something is filtered out."""
        return bool(self.statuses or self.search or self.tag or self.mine or self.blocked)


@dataclass
class Row:
    """One person of the page, with what the table shows of them."""

    usager: Usager
    follow_ups: list[FollowUp] = field(default_factory=list)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    next_rdv: Participation | None = None

    @property
    def last_invitations(self) -> list[Invitation]:
        """The last invitation of each channel, newest first."""
        return sorted(self.invitations.values(), key=lambda one: one.created_at, reverse=True)


@require_safe
def list_people(request: HttpRequest, slug: str) -> HttpResponse:
    """The people of an organisation: `?suivi=` is a category's short name, `tous` or `archives`."""
    agent, now = agent_of(request), timezone.now()
    organisation = get_organisation_for(agent, slug)
    remember_organisation(request, organisation)
    configurations = list(organisation.category_configurations.select_related("motif_category"))
    configuration = _chosen(configurations, request.GET.get("suivi", ""))
    tab = configuration.motif_category.short_name if configuration else _tab(request)
    filters = Filters.of(request)
    usagers = filtered(
        Usager.objects.of_organisation(organisation, archived=tab == ARCHIVED), filters, agent.pk
    )
    if filters.blocked:
        without_slot = Invitation.objects.without_slot(now).filter(organisation=organisation)
        usagers = usagers.filter(pk__in=without_slot.values("follow_up__usager"))
    context: dict[str, Any] = {
        "organisation": organisation,
        "configuration": configuration,
        "tab": tab,
        "tabs": _tabs(organisation, configurations, tab),
        "filters": filters,
        "tags": Tag.objects.filter(
            department=organisation.department, usagers__organisations=organisation
        ).distinct(),
        "now": now,
        "zone": organisation.time_zone,
        "letters_to_print": count_letters(organisation, now=now),
    }
    if configuration:
        configuration.organisation = organisation
        context |= _category_page(request, configuration, usagers, filters, now)
        context["free_slots"] = free_slots(configuration, now=now)
        context["never_invited"] = dict(context["statuses"]).get(FollowUpStatus.NOT_INVITED, 0)
    else:
        context |= _people_page(request, usagers, now)
    return render(request, "agents/people/list.html", context)


def _chosen(configurations: Sequence[CategoryConfiguration], asked: str) -> CategoryConfiguration | None:
    """The category asked for; when nothing is asked, the first one."""
    if not asked:
        return next(iter(configurations), None)
    return next((one for one in configurations if one.motif_category.short_name == asked), None)


def _tab(request: HttpRequest) -> str:
    return ARCHIVED if request.GET.get("suivi") == ARCHIVED else ALL


def filtered(usagers: QuerySet[Usager], filters: Filters, agent_id: int) -> QuerySet[Usager]:
    """Those of `usagers` that the filters on the person keep."""
    if filters.search:
        usagers = usagers.search(filters.search)  # type: ignore[attr-defined]
    if filters.tag:
        usagers = usagers.filter(tags__value=filters.tag)
    if filters.mine:
        usagers = usagers.filter(referents=agent_id)
    return usagers


def listed_follow_ups(
    request: HttpRequest, configuration: CategoryConfiguration, now: datetime
) -> QuerySet[FollowUp]:
    """Everybody whom a category's list shows with the filters of the address, in its order."""
    organisation, filters = configuration.organisation, Filters.of(request)
    usagers = filtered(Usager.objects.of_organisation(organisation), filters, agent_of(request).pk)
    follow_ups = _of_category(configuration, usagers, filters, now)
    shown = follow_ups.in_status(filters.statuses, now) if filters.statuses else follow_ups
    return shown.order_by("-created_at", "-pk")


def _of_category(
    configuration: CategoryConfiguration, usagers: QuerySet[Usager], filters: Filters, now: datetime
) -> FollowUpQuerySet:
    """The open follow-ups of these people in a category, whatever their status."""
    follow_ups = FollowUp.objects.filter(
        motif_category=configuration.motif_category, closed_at=None, usager__in=usagers.values("pk")
    )
    if filters.blocked:
        without_slot = Invitation.objects.without_slot(now).filter(organisation=configuration.organisation)
        follow_ups = follow_ups.filter(pk__in=without_slot.values("follow_up"))
    return follow_ups


def _category_page(
    request: HttpRequest,
    configuration: CategoryConfiguration,
    usagers: QuerySet[Usager],
    filters: Filters,
    now: datetime,
) -> dict[str, Any]:
    follow_ups = _of_category(configuration, usagers, filters, now)
    counts = follow_ups.count_by_status(now)
    shown = follow_ups.in_status(filters.statuses, now) if filters.statuses else follow_ups.with_status(now)
    shown = (
        shown.select_related("usager").prefetch_related("usager__referents").order_by("-created_at", "-pk")
    )
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [Row(follow_up.usager, [follow_up]) for follow_up in page.object_list]
    complete(rows, now)
    statuses = [
        (status, counts.get(status, 0)) for status in FollowUpStatus if status != FollowUpStatus.CLOSED
    ]
    return {
        "page": page,
        "rows": rows,
        "statuses": statuses,
        "action_count": sum(counts.get(status, 0) for status in ACTION_REQUIRED),
    }


def _people_page(request: HttpRequest, usagers: QuerySet[Usager], now: datetime) -> dict[str, Any]:
    shown = usagers.prefetch_related("referents").order_by("last_name", "first_name", "pk")
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [Row(usager) for usager in page.object_list]
    by_usager = {row.usager.pk: row for row in rows}
    follow_ups = FollowUp.objects.filter(usager__in=by_usager).with_status(now)
    for follow_up in follow_ups.select_related("motif_category").order_by("motif_category__position", "pk"):
        by_usager[follow_up.usager_id].follow_ups.append(follow_up)
    complete(rows, now)
    return {"page": page, "rows": rows}


def complete(rows: Iterable[Row], now: datetime) -> None:
    """Add the last invitation of each channel and the next rdv of each row: two queries."""
    by_follow_up = {follow_up.pk: row for row in rows for follow_up in row.follow_ups}
    last = Invitation.objects.filter(follow_up__in=by_follow_up).select_related("message")
    for invitation in last.order_by("follow_up_id", "channel", "-created_at", "-pk").distinct(
        "follow_up_id", "channel"
    ):
        row = by_follow_up[invitation.follow_up_id]
        known = row.invitations.get(invitation.channel)
        if known is None or known.created_at < invitation.created_at:
            row.invitations[invitation.channel] = invitation
    coming = Participation.objects.pending(now).filter(follow_up__in=by_follow_up)
    for participation in coming.with_details().order_by("-rdv__starts_at"):
        by_follow_up[participation.follow_up_id or 0].next_rdv = participation


def _tabs(
    organisation: Organisation, configurations: Sequence[CategoryConfiguration], current: str
) -> list[dict[str, Any]]:
    """One tab a category, everybody, archives; with how many people are in each."""
    active = Usager.objects.of_organisation(organisation)
    follow_ups = FollowUp.objects.filter(closed_at=None, usager__in=active.values("pk"))
    counts: dict[int, int] = defaultdict(
        int, follow_ups.order_by().values_list("motif_category").annotate(Count("pk"))
    )
    tabs = [
        (one.motif_category.short_name, one.motif_category.name, counts[one.motif_category_id])
        for one in configurations
    ]
    tabs += [
        (ALL, "Tous", active.count()),
        (ARCHIVED, "Archivés", Usager.objects.of_organisation(organisation, archived=True).count()),
    ]
    return [
        {"key": key, "label": label, "count": count, "current": key == current} for key, label, count in tabs
    ]
