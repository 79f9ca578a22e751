"""Who may see a person."""

from django.http import Http404

from rdv_insertion.agents.models import Agent
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.identity import forbidden_attributes
from rdv_insertion.usagers.models import Usager


def get_usager_for(agent: Agent, usager_id: int) -> Usager:
    """The person, if one of the agent's organisations follows them. Raises Http404 otherwise."""
    usager = Usager.objects.visible_to(agent).select_related("department").filter(pk=usager_id).first()
    if usager is None:
        raise Http404
    return usager


def hidden_attributes(agent: Agent, usager: Usager) -> frozenset[str]:
    """Attributes this agent may not see: those that none of the organisations they share may hold."""
    shared = Organisation.objects.filter(roles__agent=agent, memberships__usager=usager, archived_at=None)
    types = set(shared.values_list("organisation_type", flat=True))
    return frozenset.intersection(*(forbidden_attributes(kind) for kind in types)) if types else frozenset()
