"""What agents last chose to see, page by page. What is stored is only a wish: readers check it."""

from typing import Any

from django.db import transaction

from rdv_insertion.agents.models import Agent


@transaction.atomic
def remember(*, agent: Agent, page: str, wishes: dict[str, Any]) -> None:
    """Keep what `agent` chose on `page`, in place of what was kept for it before."""
    stored = Agent.objects.select_for_update().only("preferences").get(pk=agent.pk)
    known = stored.preferences if isinstance(stored.preferences, dict) else {}
    stored.preferences = {**known, page: wishes}
    stored.save(update_fields=["preferences"])
    agent.preferences = stored.preferences


def remembered(agent: Agent, page: str) -> dict[str, Any]:
    """What `agent` last chose on `page`; empty when nothing was, or when it makes no sense."""
    wishes = agent.preferences.get(page) if isinstance(agent.preferences, dict) else None
    return wishes if isinstance(wishes, dict) else {}
