"""Who may take data out."""

from collections.abc import Collection

from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.territory.models import Organisation


def without_export_right(agent: Agent, organisations: Collection[Organisation]) -> list[Organisation]:
    """Those of `organisations` from which `agent` may not export; an export needs this list to be empty."""
    allowed = set(
        AgentRole.objects.filter(
            agent=agent, organisation__in=[one.pk for one in organisations], can_export=True
        ).values_list("organisation", flat=True)
    )
    return [one for one in organisations if one.pk not in allowed]
