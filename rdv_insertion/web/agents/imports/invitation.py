"""Whom to invite and how, and asking colleagues for créneaux when there are too few."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.web.agents import asking
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.asking import Shortage, colleagues_of
from rdv_insertion.web.agents.imports.candidates import (
    Candidate,
    Place,
    candidates_of,
    channels_of,
    invited_today,
    places_of,
    reach_of,
)
from rdv_insertion.web.agents.imports.invited import result, working
from rdv_insertion.web.agents.imports.steps import at_stages, of_run

# Beyond this many, people are invited all together: nobody checks ten thousand boxes, nor waits for them.
_MAX_BOXES = 2_000
_LONGEST_ID = 18


@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(Stage.WRITTEN, Stage.INVITING, Stage.DONE)
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The choice, then the progress, then the result."""
    if run.motif_category_id is None:
        messages.info(request, "Cet import est sans catégorie : personne n'est à inviter.")
        return redirect("import_writing", run.pk)
    if run.stage == Stage.WRITTEN:
        return _choose(request, run)
    if request.method == "POST":
        raise services.WrongStage
    under_way = run.stage == Stage.INVITING
    context = {"run": run, "stepper": of_run(run, 5), "working": under_way}
    details = working(run) if under_way else result(request, run)
    return render(request, "agents/imports/invitation_result.html", context | details)


@dataclass(frozen=True)
class _Choice:
    """What was sent: the rows of each channel, or the channels of all; and what prevents to follow it."""

    rows: dict[str, set[int]]
    channels: list[str]
    insists: bool
    errors: list[str]

    def by_row(self) -> dict[int, list[str]]:
        """The channels of each row."""
        chosen: dict[int, list[str]] = {}
        for channel, rows in self.rows.items():
            for row in rows:
                chosen.setdefault(row, []).append(channel)
        return chosen


def _choose(request: HttpRequest, run: ImportRun) -> HttpResponse:
    now = timezone.now()
    places = places_of(run, now=now)
    total = sum(place.waiting for place in places)
    all_at_once = total > _MAX_BOXES
    asked = request.POST if request.method == "POST" else None
    candidates: list[Candidate] = []
    if not all_at_once:
        chosen = _posted(asked, channels_of(places)) if asked is not None else _preset(request.GET)
        candidates = candidates_of(run, places, chosen=chosen, now=now)
        places = [_with_chosen(place, candidates) for place in places]
    else:
        places = [replace(place, chosen=place.waiting) for place in places]
    choice = _read(asked, places, candidates, all_at_once=all_at_once) if asked is not None else None
    if choice is not None and not choice.errors:
        services.start_inviting(
            run=run,
            channels=choice.channels if all_at_once else choice.by_row(),
            even_without_slots=choice.insists,
            now=now,
        )
        return redirect("import_invitation", run.pk)
    context = _slots_context(request, run, places) | {
        "stepper": of_run(run, 5),
        "errors": choice.errors if choice else [],
        "total": total,
        "chosen": sum(place.chosen for place in places),
        "all_at_once": all_at_once,
        "candidates": candidates,
        "channels": channels_of(places),
        "reach": reach_of(run, channels_of(places), choice.channels if choice else None)
        if all_at_once
        else [],
        "invited_today": invited_today(run, now=now),
        "insists": bool(choice and choice.insists),
    }
    return render(request, "agents/imports/invitation.html", context)


def _preset(parameters: QueryDict) -> dict[str, bool] | None:
    """`?choix=sms,email` checks these channels for everybody, `?choix=aucun` none."""
    asked = parameters.get("choix", "")
    known = {channel.value for channel in Channel} & set(asked.split(","))
    if asked == "aucun":
        return {}
    return dict.fromkeys(known, True) if known else None


def _posted(data: QueryDict, channels: Sequence[Channel]) -> dict[str, set[int]]:
    """The ids of rows sent for each channel; what is no number of a row is read as one that nobody has."""
    return {channel.value: {_row_id(text) for text in data.getlist(channel.value)} for channel in channels}


def _row_id(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID
    return int(text) if is_number else 0


def _with_chosen(place: Place, candidates: Sequence[Candidate]) -> Place:
    here = (one for one in candidates if one.organisation_id == place.organisation.pk)
    return replace(place, chosen=sum(one.is_chosen for one in here))


def _read(
    data: QueryDict, places: Sequence[Place], candidates: Sequence[Candidate], *, all_at_once: bool
) -> _Choice:
    """The choice that was sent, with French sentences on what is wrong with it."""
    offered = channels_of(places)
    rows = {} if all_at_once else _posted(data, offered)
    channels = [channel.value for channel in offered if channel.value in data.getlist("canaux")]
    insists = bool(data.get("sans_creneau"))
    errors = []
    if all_at_once and not channels:
        errors.append("Choisissez au moins un canal d'invitation.")
    if not all_at_once:
        errors += _wrong_rows(rows, {one.row_id for one in candidates})
    without = [place for place in places if place.configuration and place.chosen and not place.slots]
    if without and not errors and not insists:
        names = ", ".join(place.organisation.name for place in without)
        errors.append(
            f"Aucun créneau n'est libre dans les 30 prochains jours ({names}). "
            "Ouvrez des plages, ou cochez « Inviter quand même »."
        )
    return _Choice(rows, channels, insists, errors)


def _wrong_rows(rows: dict[str, set[int]], known: Collection[int]) -> list[str]:
    chosen = set().union(*rows.values())
    if chosen - set(known):
        return ["Une des personnes choisies n'est plus à inviter. Vérifiez votre choix."]
    return [] if chosen else ["Choisissez au moins une personne à inviter, et par quel canal."]


@require_safe
@at_stages(Stage.WRITTEN)
def slots(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """How many créneaux are free now for those to invite: a part of the page, asked again."""
    places = [replace(place, chosen=place.waiting) for place in places_of(run, now=timezone.now())]
    return render(request, "agents/imports/slots.html", {"run": run, "places": places})


@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(Stage.WRITTEN)
def ask(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Ask colleagues to open plages: whom, then the mails leave. Nobody is asked twice for one import."""
    places = places_of(run, now=timezone.now())
    context = _slots_context(request, run, places) | {"stepper": of_run(run, 5), "done": "", "error": ""}
    if request.method == "POST":
        told = asking.ask(request, context["colleagues"], about=_about(run), now=timezone.now())
        if told:
            context = _slots_context(request, run, places) | {"stepper": of_run(run, 5), "error": ""}
            context["done"] = f"{plural(told, 'collègue est prévenu', 'collègues sont prévenus')} par mail."
        else:
            context["error"] = "Choisissez au moins un collègue à qui demander des créneaux."
    if request.headers.get("HX-Request"):
        return render(request, "components/ask_colleagues.html", context)
    if context["done"]:
        messages.success(request, context["done"])
        return redirect("import_invitation", run.pk)
    return render(request, "agents/imports/ask_page.html", context)


def _about(run: ImportRun) -> str:
    return f"import-{run.pk}"


def _shortages(places: Sequence[Place]) -> list[Shortage]:
    return [
        Shortage(place.configuration, place.waiting, place.slots) for place in places if place.configuration
    ]


def _slots_context(request: HttpRequest, run: ImportRun, places: Sequence[Place]) -> dict[str, Any]:
    return {
        "run": run,
        "places": places,
        "too_few": any(place.too_few for place in places),
        "no_slot_at_all": any(place.configuration and not place.slots for place in places),
        "colleagues": colleagues_of(_shortages(places), about=_about(run), but=agent_of(request)),
        "several_places": len(places) > 1,
        "ask_url": reverse("import_ask_slots", args=[run.pk]),
        "asked_for": "cet import",
        "zone": run.organisation.time_zone,
    }


@require_POST
@at_stages(Stage.WRITTEN)
def skip(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """End here: the people are written, nobody is invited now."""
    services.finish_without_inviting(run=run, now=timezone.now())
    messages.success(request, "L'import est terminé. Personne n'a été invité.")
    return redirect("imports")
