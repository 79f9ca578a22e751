"""What every agent's page shows around its content: organisation, navigation, what waits."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.agenda.models import Participation
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import administers, organisations_of
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.models import RefusedContact
from rdv_insertion.pilotage.stopped_messages import count_stopped
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.undo import take_undo

_SESSION_KEY = "organisation"
# Pages under *Agenda* whose names do not say so.
_OF_THE_AGENDA = (
    "find_",
    "prescri",
    "collective",
    "rdv_new",
    "rdv_show",
    "rdv_edit",
    "rdv_cancel",
    "rdv_day",
)
# Pages under *Pilotage* about the messages of an organisation.
_ABOUT_MESSAGES = ("messages_sent", "messages_to_correct", "messages_stopped", "messages_waiting")


@dataclass(frozen=True)
class Item:
    """A link of the navigation."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class Shell:
    """See design/pages.md § The agent's shell."""

    organisation: Organisation | None = None
    organisations: list[Organisation] = field(default_factory=list)
    navigation: list[Item] = field(default_factory=list)
    waiting: list[Item] = field(default_factory=list)
    search_url: str = ""


def remember_organisation(request: HttpRequest, organisation: Organisation) -> None:
    """Make `organisation` the one that the next pages are about."""
    if request.session.get(_SESSION_KEY) != organisation.slug:
        request.session[_SESSION_KEY] = organisation.slug


def current_organisation(request: HttpRequest) -> Organisation | None:
    """The organisation the agent works in now: the last one chosen, else the first of theirs."""
    if not isinstance(request.user, Agent):
        return None
    organisations = _organisations(request, request.user)
    chosen = request.session.get(_SESSION_KEY)
    return next((one for one in organisations if one.slug == chosen), next(iter(organisations), None))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of every template."""
    context: dict[str, Any] = {"SERVICE_NAME": settings.SERVICE_NAME, "DEMO_MODE": settings.DEMO_MODE}
    # Called by the template that shows it, and only by that one: it is offered once.
    context["take_undo"] = partial(take_undo, request)
    agent = getattr(request, "user", None)
    if isinstance(agent, Agent):
        context["shell"] = _shell(request, agent)
    return context


def _shell(request: HttpRequest, agent: Agent) -> Shell:
    organisation = current_organisation(request)
    if organisation is None:
        return Shell()
    people = reverse("usagers", args=[organisation.slug])
    links = [
        ("Usagers", people, ("usagers", "usager", "invitation_run", "letters", "summon", "evidence")),
        ("Agenda", reverse("agenda"), ("agenda", "plage", "absence", *_OF_THE_AGENDA)),
        ("Importer", reverse("imports"), ("import",)),
        ("Pilotage", reverse("rdv_statistics"), ("rdv_statistics", "rdvs", *_ABOUT_MESSAGES)),
    ]
    if administers(agent, organisation):
        configuration = reverse("configuration", args=[organisation.slug])
        links.append(
            ("Configuration", configuration, ("configuration", "motif", "lieu", "sector", "who_serves"))
        )
    name = request.resolver_match.view_name if request.resolver_match else ""
    return Shell(
        organisation=organisation,
        organisations=_organisations(request, agent),
        navigation=[Item(label, url, current=name.startswith(starts)) for label, url, starts in links],
        waiting=_waiting(agent, organisation),
        search_url=people,
    )


def _waiting(agent: Agent, organisation: Organisation) -> list[Item]:
    """What waits for this agent today: theirs, then their organisation's. Five queries at most."""
    return [*_to_fill_in(agent), *_without_slot(organisation), *_not_arrived(organisation)]


def _not_arrived(organisation: Organisation) -> list[Item]:
    """Messages to send again, and contacts to correct so that the next ones arrive."""
    stopped = count_stopped(organisation, now=timezone.now())
    wrong = RefusedContact.objects.current().of_organisation(organisation).count()
    items = [
        (stopped, ("message en panne", "messages en panne"), "messages_stopped"),
        (wrong, ("contact à corriger", "contacts à corriger"), "messages_to_correct"),
    ]
    return [
        Item(plural(count, *words), reverse(name, args=[organisation.slug]))
        for count, words, name in items
        if count
    ]


def _without_slot(organisation: Organisation) -> list[Item]:
    """People who found nothing to choose, in any category."""
    blocked = Invitation.objects.without_slot(timezone.now()).filter(organisation=organisation)
    count = blocked.values("follow_up__usager").distinct().count()
    if not count:
        return []
    words = "personne invitée ne trouve", "personnes invitées ne trouvent"
    people = reverse("usagers", args=[organisation.slug])
    return [Item(f"{plural(count, *words)} plus de créneau", f"{people}?suivi=tous&blocage=1")]


def _to_fill_in(agent: Agent) -> list[Item]:
    late = Participation.objects.filter(
        status=ParticipationStatus.UNKNOWN, rdv__agents=agent, rdv__starts_at__lte=timezone.now()
    ).count()
    if not late:
        return []
    return [
        Item(
            f"{plural(late, 'rendez-vous', 'rendez-vous')} à renseigner",
            f"{reverse('agenda')}?a-renseigner=1",
        )
    ]


def _organisations(request: HttpRequest, agent: Agent) -> list[Organisation]:
    """Asked once a request."""
    if not hasattr(request, "_organisations"):
        request._organisations = list(organisations_of(agent))  # type: ignore[attr-defined]
    known: list[Organisation] = request._organisations  # type: ignore[attr-defined]
    return known
