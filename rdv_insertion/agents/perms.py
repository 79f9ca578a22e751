"""Which organisations an agent works in. Every page, file and export starts from here."""

from django.db.models import QuerySet
from django.http import Http404

from rdv_insertion.agents.models import Agent
from rdv_insertion.territory.models import Organisation


def organisations_of(agent: Agent) -> QuerySet[Organisation]:
    """The open organisations in which `agent` has a role, with their departments."""
    return (
        Organisation.objects.filter(roles__agent=agent, archived_at=None)
        .select_related("department")
        .order_by("department__number", "name")
    )


def get_organisation_for(agent: Agent, slug: str) -> Organisation:
    """The organisation named `slug`, if `agent` works there. Raises Http404 otherwise."""
    organisation = organisations_of(agent).filter(slug=slug).first()
    if organisation is None:
        raise Http404
    return organisation
