"""What the address of a page of steering asks for, and how it is shown: fields, chips, sentences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, QueryDict

from rdv_insertion.agenda.enums import LieuAvailability, LocationType
from rdv_insertion.agenda.models import Lieu, Motif
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.kernel import dates
from rdv_insertion.pilotage.rdv_filters import RdvFilters, RdvState
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.steering.periods import EARLIEST, LATEST, Preset
from rdv_insertion.web.shell import current_organisation

EVERYWHERE = "toutes"
_MOST_TYPED = 100


@dataclass(frozen=True)
class Option:
    """One value of a filter that takes several."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """A filter that takes several values, added one at a time and removed by their chips."""

    name: str
    label: str
    nothing_chosen: str
    options: list[Option]

    @property
    def chosen(self) -> list[Option]:
        """Those kept in the address."""
        return [option for option in self.options if option.chosen]

    @property
    def offered(self) -> list[Option]:
        """Those that may be added."""
        return [option for option in self.options if not option.chosen]


@dataclass(frozen=True)
class Chip:
    """A filter that is on; `url` is this page without it."""

    label: str
    url: str


@dataclass
class Asked:
    """Everything read from the query string. What makes no sense is left aside, and `notices` say so."""

    organisations: list[Organisation]
    all_organisations: list[Organisation]
    everywhere: bool
    today: date
    presets: Sequence[Preset]
    preset: Preset | None
    filters: RdvFilters
    choices: list[Choice]
    parameters: QueryDict
    notices: list[str] = field(default_factory=list)

    @property
    def organisation_key(self) -> str:
        """The value of the parameter that says which organisations."""
        return EVERYWHERE if self.everywhere else self.organisations[0].slug

    @property
    def organisation_label(self) -> str:
        """What the title says it is about."""
        return "Toutes mes organisations" if self.everywhere else self.organisations[0].name

    @property
    def same_elsewhere(self) -> str:
        """The query string that keeps these rdvs on another page, whose usual periods are not these."""
        first, last = self.filters.first_day, self.filters.last_day
        days = {"du": first.isoformat() if first else "", "au": last.isoformat() if last else ""}
        return changed(self.parameters, periode="", tri="", page="", tableau="", **days)

    @property
    def preset_links(self) -> list[dict[str, Any]]:
        """A link for each usual period."""
        return [
            {
                "label": one.label,
                "url": changed(self.parameters, periode=one.key, du="", au="", page=""),
                "current": one == self.preset,
            }
            for one in self.presets
        ]

    @property
    def chips(self) -> list[Chip]:
        """The filters on, the period and the organisation aside: these have their own fields."""
        found = [
            Chip(f"{choice.label} : {option.label}", without(self.parameters, choice.name, option.value))
            for choice in self.choices
            for option in choice.chosen
        ]
        if self.filters.search:
            found.insert(0, Chip(f"« {self.filters.search} »", changed(self.parameters, q="", page="")))
        return found

    @property
    def period_label(self) -> str:
        """`du 21/08/2026 au 21/11/2026`; with one end only, or none, what it amounts to."""
        first, last = self.filters.first_day, self.filters.last_day
        if first and last:
            return f"le {first:%d/%m/%Y}" if first == last else f"du {first:%d/%m/%Y} au {last:%d/%m/%Y}"
        if first:
            return f"à partir du {first:%d/%m/%Y}"
        return f"jusqu'au {last:%d/%m/%Y}" if last else "à toutes les dates"


def read(
    request: HttpRequest, agent: Agent, *, presets: Sequence[Preset], by_default: str = "", now: datetime
) -> Asked | None:
    """What `request` asks for; None when the agent has no organisation. Raises Http404 for one not theirs.

    `by_default` is the key of the preset that an address without dates stands for; empty for all dates.
    """
    current = current_organisation(request)
    if current is None:
        return None
    everything = list(organisations_of(agent))
    chosen = _organisations(request.GET.get("organisation", ""), everything, current)
    everywhere = request.GET.get("organisation") == EVERYWHERE
    today = now.astimezone(chosen[0].time_zone).date()
    notices: list[str] = []
    preset, first, last = _period(request.GET, presets, by_default, today, notices)
    choices = [
        _agents(request.GET, chosen),
        _motifs(request.GET, agent, chosen, several=everywhere),
        _lieux(request.GET, agent, chosen, several=everywhere),
        _states(request.GET),
    ]
    agents, motifs, lieux, states = ([one.value for one in choice.chosen] for choice in choices)
    filters = RdvFilters(
        first_day=first,
        last_day=last,
        agents=tuple(map(int, agents)),
        motifs=tuple(map(int, motifs)),
        lieux=tuple(map(int, lieux)),
        states=tuple(states),
        search=request.GET.get("q", "").replace("\x00", "").strip()[:_MOST_TYPED],
    )
    return Asked(
        chosen, everything, everywhere, today, presets, preset, filters, choices, request.GET, notices
    )


def changed(parameters: QueryDict, **changes: str) -> str:
    """The query string with some parameters replaced, or removed when empty."""
    copy = parameters.copy()
    for name, value in changes.items():
        copy.pop(name, None)
        if value:
            copy[name] = value
    return f"?{copy.urlencode()}"


def without(parameters: QueryDict, name: str, value: str) -> str:
    """The query string without one value of one parameter, from the first page."""
    copy = parameters.copy()
    copy.setlist(name, [one for one in copy.getlist(name) if one != value])
    copy.pop("page", None)
    return f"?{copy.urlencode()}"


def _organisations(slug: str, everything: list[Organisation], current: Organisation) -> list[Organisation]:
    if slug == EVERYWHERE:
        return everything
    if not slug:
        return [current]
    found = [one for one in everything if one.slug == slug]
    if not found:
        raise Http404
    return found


def _period(
    parameters: QueryDict, presets: Sequence[Preset], by_default: str, today: date, notices: list[str]
) -> tuple[Preset | None, date | None, date | None]:
    """Dates typed win over the preset, unless they are its own: the form sends both."""
    first = _date(parameters.get("du", ""), "La date de début", notices)
    last = _date(parameters.get("au", ""), "La date de fin", notices)
    key = parameters.get("periode", "") or ("" if first or last else by_default)
    preset = next((one for one in presets if one.key == key), None)
    if preset is None and not (first or last):
        preset = next((one for one in presets if one.key == by_default), None)
    if preset and ((first, last) == (None, None) or (first, last) == preset.days(today)):
        return preset, *preset.days(today)
    if first and last and first > last:
        notices.append("La fin de la période était avant son début : nous avons échangé les deux dates.")
        first, last = last, first
    return None, first, last


def _date(typed: str, what: str, notices: list[str]) -> date | None:
    typed = typed.replace("\x00", "").strip()
    if not typed:
        return None
    try:
        day = dates.parse(typed)
    except ValueError:
        notices.append(f"{what} n'a pas été comprise : écrivez-la comme 03/04/2026.")
        return None
    if not EARLIEST <= day <= LATEST:
        notices.append(f"{what} n'a pas été retenue : elle doit être entre {EARLIEST:%Y} et {LATEST:%Y}.")
        return None
    return day


def _choice(
    parameters: QueryDict, name: str, label: str, nothing: str, options: Iterable[tuple[str, str]]
) -> Choice:
    asked = set(parameters.getlist(name))
    return Choice(name, label, nothing, [Option(value, text, value in asked) for value, text in options])


def _agents(parameters: QueryDict, organisations: list[Organisation]) -> Choice:
    """Those who left too: their rdvs remain."""
    colleagues = Agent.objects.filter(roles__organisation__in=organisations).distinct()
    options = ((str(one.pk), str(one)) for one in colleagues.order_by("last_name", "first_name", "pk"))
    return _choice(parameters, "agent", "Agent", "Tous les agents", options)


def _motifs(
    parameters: QueryDict, agent: Agent, organisations: list[Organisation], *, several: bool
) -> Choice:
    motifs = Motif.objects.visible_to(agent).filter(organisation__in=organisations)
    motifs = motifs.select_related("organisation").order_by("name", "organisation__name", "pk")
    options = ((str(one.pk), _of(_motif_label(one), one.organisation, several)) for one in motifs)
    return _choice(parameters, "motif", "Motif", "Tous les motifs", options)


def _motif_label(motif: Motif) -> str:
    label = motif.name
    if motif.location_type != LocationType.PUBLIC_OFFICE:
        label += f" ({motif.get_location_type_display().lower()})"
    return f"{label}, supprimé" if motif.deleted_at else label


def _lieux(
    parameters: QueryDict, agent: Agent, organisations: list[Organisation], *, several: bool
) -> Choice:
    lieux = Lieu.objects.visible_to(agent).filter(organisation__in=organisations)
    lieux = lieux.exclude(availability=LieuAvailability.SINGLE_USE).select_related("organisation")
    options = (
        (str(one.pk), _of(one.name, one.organisation, several))
        for one in lieux.order_by("name", "organisation__name", "pk")
    )
    return _choice(parameters, "lieu", "Lieu", "Tous les lieux", options)


def _states(parameters: QueryDict) -> Choice:
    options = ((state.value, state.label) for state in RdvState)
    return _choice(parameters, "statut", "Statut", "Tous les statuts", options)


def _of(label: str, organisation: Organisation, several: bool) -> str:
    return f"{label} – {organisation}" if several else label
