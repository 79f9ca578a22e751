"""Where an import is, and which of its pages are open."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.perms import get_run_for
from rdv_insertion.imports.services import WrongStage
from rdv_insertion.kernel.snapshots import one_moment_if_reading
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.shell import remember_organisation

TITLES = ("Fichier", "Colonnes", "Vérification", "Enregistrement", "Invitation")

Parameters = ParamSpec("Parameters")
RunView: TypeAlias = Callable[Concatenate[HttpRequest, ImportRun, Parameters], HttpResponse]
View: TypeAlias = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Stepper:
    """The head of a step's page."""

    number: int
    title: str
    next_title: str
    total: int


def stepper(number: int, *, with_category: bool = True) -> Stepper:
    """Step `number`, from 1; without a category nobody is invited, so the last step is not there."""
    total = len(TITLES) if with_category else len(TITLES) - 1
    return Stepper(number, TITLES[number - 1], TITLES[number] if number < total else "", total)


def of_run(run: ImportRun, number: int) -> Stepper:
    """The head of a step of this import."""
    return stepper(number, with_category=run.motif_category_id is not None)


def current_step(run: ImportRun) -> str:
    """The name of the address where this import goes on, or where its result is read."""
    if run.stage == Stage.COLUMNS:
        return "import_columns"
    if run.stage == Stage.CHECKING:
        return "import_checking"
    if run.stage == Stage.PREVIEW:
        return "import_preview"
    invites = run.stage in (Stage.WRITTEN, Stage.INVITING) or run.invited_at is not None
    return "import_invitation" if invites and run.motif_category_id else "import_writing"


def opened(request: HttpRequest, run_id: int) -> ImportRun:
    """The import of the address, whose organisation becomes that of the pages; 404 for a stranger."""
    run = get_run_for(agent_of(request), run_id)
    remember_organisation(request, run.organisation)
    return run


def at_stages(*stages: str) -> Callable[[RunView[Parameters]], View]:
    """Have a view get the import that the agent may see, at one of `stages`; else go where it is."""

    def decorate(view: RunView[Parameters]) -> View:
        @wraps(view)
        def open_step(
            request: HttpRequest, run_id: int, *args: Parameters.args, **kwargs: Parameters.kwargs
        ) -> HttpResponse:
            with one_moment_if_reading(request):
                run = opened(request, run_id)
                if run.erased_at:
                    return redirect("import_run", run.pk)
                if run.stage not in stages:
                    return go_where_it_is(request, run)
                try:
                    return view(request, run, *args, **kwargs)
                except WrongStage:
                    return go_where_it_is(request, get_run_for(agent_of(request), run_id))

        return open_step

    return decorate


def go_where_it_is(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Redirect to the step that is open, and say which it is."""
    messages.info(request, f"Cet import en est à l'étape « {_place(run)} ».")
    return redirect(current_step(run), run.pk)


def _place(run: ImportRun) -> str:
    places: dict[str, Collection[str]] = {
        "Colonnes": (Stage.COLUMNS,),
        "Vérification": (Stage.CHECKING, Stage.PREVIEW),
        "Enregistrement": (Stage.WRITING,),
        "Invitation": (Stage.WRITTEN, Stage.INVITING) if run.motif_category_id else (),
    }
    return next((title for title, stages in places.items() if run.stage in stages), "Terminé")
