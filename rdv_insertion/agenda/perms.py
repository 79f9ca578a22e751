"""Who may see and edit plages, absences, motifs and lieux."""

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agents.enums import AccessLevel
from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.agents.perms import administers
from rdv_insertion.territory.models import Organisation


def agents_edited_by(agent: Agent, organisation: Organisation) -> QuerySet[Agent]:
    """The agents of `organisation` whose plages and absences `agent` may edit: all, or themselves only."""
    receivers = Agent.objects.filter(roles__organisation=organisation, is_active=True)
    return receivers if administers(agent, organisation) else receivers.filter(pk=agent.pk)


def edits_plage(agent: Agent, plage: PlageOuverture) -> bool:
    """Whether `agent` may change this plage: theirs, or one of an organisation they administer."""
    return plage.agent_id == agent.pk or administers(agent, plage.organisation)


def get_edited_plage(agent: Agent, plage_id: int) -> PlageOuverture:
    """The plage, with its place and organisation. Raises Http404 (not visible), PermissionDenied."""
    plages = PlageOuverture.objects.visible_to(agent).select_related(
        "agent", "lieu", "organisation__department"
    )
    plage = plages.filter(pk=plage_id).first()
    if plage is None:
        raise Http404
    if not edits_plage(agent, plage):
        raise PermissionDenied
    return plage


def edits_absence(agent: Agent, absence: Absence) -> bool:
    """Whether `agent` may change this absence: theirs, or one of an agent whom they administer."""
    return absence.agent_id == agent.pk or agents_administered_by(agent).filter(pk=absence.agent_id).exists()


def agents_administered_by(agent: Agent) -> QuerySet[Agent]:
    """The agents of the open organisations that `agent` administers."""
    administered = Organisation.objects.filter(
        roles__agent=agent, roles__access_level=AccessLevel.ADMIN, archived_at=None
    )
    shared = AgentRole.objects.filter(agent=OuterRef("pk"), organisation__in=administered)
    return Agent.objects.filter(Exists(shared), is_active=True)


def get_edited_absence(agent: Agent, absence_id: int) -> Absence:
    """The absence. Raises Http404 (not visible), PermissionDenied."""
    absence = Absence.objects.visible_to(agent).select_related("agent").filter(pk=absence_id).first()
    if absence is None:
        raise Http404
    if not edits_absence(agent, absence):
        raise PermissionDenied
    return absence
