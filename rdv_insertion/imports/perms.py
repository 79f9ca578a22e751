"""Who may see an import."""

from django.http import Http404

from rdv_insertion.agents.models import Agent
from rdv_insertion.imports.models import ImportRun


def get_run_for(agent: Agent, run_id: int) -> ImportRun:
    """The import, if the agent works in its organisation. Raises Http404 otherwise."""
    runs = ImportRun.objects.visible_to(agent).select_related(
        "organisation__department", "motif_category", "agent"
    )
    run = runs.filter(pk=run_id).first()
    if run is None:
        raise Http404
    return run
