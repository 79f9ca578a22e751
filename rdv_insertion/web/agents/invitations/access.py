"""Which run a page is about, and who may open it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from rdv_insertion.invitations.models import InvitationRun
from rdv_insertion.invitations.services.runs import WrongStage
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.shell import remember_organisation

Parameters = ParamSpec("Parameters")
RunView = Callable[Concatenate[HttpRequest, InvitationRun, Parameters], HttpResponse]
_ELSEWHERE = "Cet envoi a avancé entre-temps : voici où il en est."


def of_run(view: RunView[Parameters]) -> Callable[..., HttpResponse]:
    """Give the run of the address to `view`; 404 for whoever does not work in its organisation.

    Whatever the view cannot do any more at this stage leads to the run's page.
    """

    @wraps(view)
    def opened(
        request: HttpRequest,
        invitation_run_id: int,
        *args: Any,
        **kwargs: Any,
    ) -> HttpResponse:
        runs = InvitationRun.objects.visible_to(agent_of(request)).with_details()
        run = runs.filter(pk=invitation_run_id).first()
        if run is None:
            raise Http404
        remember_organisation(request, run.configuration.organisation)
        try:
            return view(request, run, *args, **kwargs)
        except WrongStage:
            messages.info(request, _ELSEWHERE)
            return redirect("invitation_run", run.pk)

    return opened
