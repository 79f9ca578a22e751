"""Tags and referents that the file names and that nobody created yet."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from rdv_insertion.agents.perms import administers
from rdv_insertion.imports import services
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.kernel.text import plural
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.imports.steps import at_stages
from rdv_insertion.web.agents.imports.verification import back_to


@require_POST
@at_stages(*services.DECIDABLE)
def create_tags(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Create the tags that are checked."""
    created = services.create_tags(run=run, values=request.POST.getlist("tags"))
    if created:
        messages.success(request, f"{plural(len(created), 'tag créé', 'tags créés')}.")
    else:
        messages.info(request, "Aucun tag à créer. Cochez ceux que vous voulez créer.")
    return back_to(request, run)


@require_POST
@at_stages(*services.DECIDABLE)
def add_referents(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Have the agents that are checked join the organisation: for its administrators."""
    if not administers(agent_of(request), run.organisation):
        raise PermissionDenied
    added = services.add_referents(run=run, mails=request.POST.getlist("referents"))
    if added:
        count = plural(len(added), "agent ajouté", "agents ajoutés")
        messages.success(request, f"{count} à {run.organisation.name}.")
    else:
        messages.info(request, "Aucun agent à ajouter. Cochez ceux que vous voulez ajouter.")
    return back_to(request, run)
