"""Which organisations an agent works in. Every page, file and export starts from here."""

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from rdv_insertion.agents.enums import AccessLevel
from rdv_insertion.agents.models import Agent, AgentRole
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


def get_administered_organisation(agent: Agent, slug: str) -> Organisation:
    """The organisation named `slug`, if `agent` administers it.

    Raises Http404 for a stranger, PermissionDenied for a colleague without the right.
    """
    organisation = get_organisation_for(agent, slug)
    if not administers(agent, organisation):
        raise PermissionDenied
    return organisation


def colleagues_of(agent: Agent) -> QuerySet[Agent]:
    """The agents who may log in and share an open organisation with `agent`, who is one of them."""
    shared = AgentRole.objects.filter(
        organisation__roles__agent=agent, organisation__archived_at=None, agent=OuterRef("pk")
    )
    return Agent.objects.filter(Exists(shared), is_active=True)


def administers(agent: Agent, organisation: Organisation) -> bool:
    """Whether `agent` may configure `organisation`."""
    return AgentRole.objects.filter(
        agent=agent, organisation=organisation, access_level=AccessLevel.ADMIN
    ).exists()
