"""What an agent chose to see of the agenda: read from the address, else as they left it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from rdv_insertion.agenda.models import Lieu, Motif
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.agents.preferences import remember, remembered
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.states import STATES, USUAL_STATES
from rdv_insertion.web.shell import current_organisation

PAGE = "agenda"
# Name in addresses, words of the page.
VIEWS = {"jour": "Jour", "semaine": "Semaine", "mois": "Mois", "liste": "Liste", "agents": "Côte à côte"}
_DEFAULT_VIEW = "semaine"
_YEARS_AROUND = 10
_NAMES = ("vue", "agents", "agent", "motifs", "lieux", "statuts", "plages", "week-end")


@dataclass(frozen=True)
class Options:
    """What can be chosen from in one organisation."""

    organisation: Organisation
    viewer: Agent

    @cached_property
    def agents(self) -> list[Agent]:
        """Those who work there, the viewer first."""
        known = self.organisation.agents.filter(is_active=True).order_by("last_name", "first_name", "pk")
        return sorted(known, key=lambda one: one != self.viewer)

    @cached_property
    def motifs(self) -> list[Motif]:
        """Those of the organisation that are in use."""
        return list(self.organisation.motifs.filter(deleted_at=None).order_by("name", "pk"))

    @cached_property
    def lieux(self) -> list[Lieu]:
        """Those of the organisation, closed ones too: they have had rdvs."""
        return list(self.organisation.lieux.exclude(availability="single_use").order_by("name", "pk"))


@dataclass(frozen=True)
class Choice:
    """A valid choice. No motif, or no lieu, means all of them."""

    view: str
    agents: tuple[Agent, ...]
    motifs: frozenset[int]
    lieux: frozenset[int]
    states: frozenset[str]
    plages: bool = True
    weekends: bool = False

    @property
    def agent_ids(self) -> frozenset[int]:
        """Whose time is shown."""
        return frozenset(agent.pk for agent in self.agents)

    @property
    def narrowed(self) -> bool:
        """Whether only some rdvs of these agents are asked for."""
        return bool(self.motifs or self.lieux)


def organisation_asked(request: HttpRequest) -> Organisation | None:
    """The organisation that the open page is about (`organisation`), whatever another tab chose since."""
    slug = request.POST.get("organisation") or request.GET.get("organisation")
    if slug and "\0" not in slug:
        found = organisations_of(agent_of(request)).filter(slug=slug).first()
        if found:
            return found
    return current_organisation(request)


def choice_of(asked: QueryDict, options: Options) -> Choice:
    """What `asked` says, name by name; as the viewer left it where the address says nothing at all."""
    if not any(name in asked for name in _NAMES):
        return _left(options)
    agents = _among(asked.getlist("agents") + asked.getlist("agent"), options.agents)
    return Choice(
        view=_view(asked.get("vue")),
        agents=tuple(agents) or _usual_agents(options),
        motifs=_ids(_among(asked.getlist("motifs"), options.motifs)),
        lieux=_ids(_among(asked.getlist("lieux"), options.lieux)),
        states=_states(asked.getlist("statuts")),
        plages=asked.get("plages", "oui") != "non",
        weekends=asked.get("week-end") == "oui",
    )


def _left(options: Options) -> Choice:
    """As the viewer left it. Anything may be stored there, and what it names may be gone."""
    kept = remembered(options.viewer, PAGE)
    places = kept.get("organisations")
    here = places.get(str(options.organisation.pk)) if isinstance(places, dict) else None
    here = here if isinstance(here, dict) else {}
    return Choice(
        view=_view(kept.get("vue")),
        agents=tuple(_among(_list(here.get("agents")), options.agents)) or _usual_agents(options),
        motifs=_ids(_among(_list(here.get("motifs")), options.motifs)),
        lieux=_ids(_among(_list(here.get("lieux")), options.lieux)),
        states=_states(_list(kept.get("statuts"))),
        plages=kept.get("plages") is not False,
        weekends=kept.get("week-end") is True,
    )


def keep(choice: Choice, options: Options) -> None:
    """Have the viewer find this choice again. Agents and filters are those of this organisation."""
    kept = remembered(options.viewer, PAGE).get("organisations")
    mine = {organisation.pk for organisation in organisations_of(options.viewer)}
    others = {
        key: value
        for key, value in (kept.items() if isinstance(kept, dict) else ())
        if key in {str(pk) for pk in mine}
    }
    here = {
        "agents": sorted(choice.agent_ids),
        "motifs": sorted(choice.motifs),
        "lieux": sorted(choice.lieux),
    }
    wishes = {
        "vue": choice.view,
        "statuts": sorted(choice.states),
        "plages": choice.plages,
        "week-end": choice.weekends,
        "organisations": {**others, str(options.organisation.pk): here},
    }
    remember(agent=options.viewer, page=PAGE, wishes=wishes)


def _view(asked: Any) -> str:
    return asked if isinstance(asked, str) and asked in VIEWS else _DEFAULT_VIEW


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _among(asked: Iterable[Any], known: Sequence[Any]) -> list[Any]:
    """Those of `known` whose ids are asked for, in the order of `known`."""
    wanted = {str(one) for one in asked}
    return [one for one in known if str(one.pk) in wanted]


def _ids(rows: Iterable[Any]) -> frozenset[int]:
    return frozenset(row.pk for row in rows)


def _states(asked: Iterable[Any]) -> frozenset[str]:
    return frozenset(key for key in STATES if key in {str(one) for one in asked}) or USUAL_STATES


def _usual_agents(options: Options) -> tuple[Agent, ...]:
    """The viewer alone when they receive people, else everybody."""
    viewer = options.viewer
    receives = viewer.plages.exists() or viewer.rdvs.exists()
    return (viewer,) if receives and viewer in options.agents else tuple(options.agents)


@dataclass(frozen=True)
class Period:
    """Days on the clocks of a place, both included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """Midnight of the first day."""
        return dates.at(self.first, time(), self.zone)

    @property
    def until(self) -> datetime:
        """Midnight after the last day."""
        return dates.at(self.last + timedelta(days=1), time(), self.zone)

    @property
    def days(self) -> list[date]:
        """Each day, in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def day_asked(text: str, *, zone: ZoneInfo) -> date:
    """The day that `text` says in ISO, whatever the hour after it; today when it makes no sense or is far."""
    today = timezone.now().astimezone(zone).date()
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return today
    return day if abs(day.year - today.year) <= _YEARS_AROUND else today
