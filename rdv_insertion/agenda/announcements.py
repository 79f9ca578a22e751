"""Who must learn that a rdv changed: the people, its agents, its partners. Told by a job.

The job is written with the change, in one transaction; texts are rendered by the worker, so that booking
stays fast. It tells what still holds when it runs (services/telling.py): of two quick changes, the last.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import jobs


class Change(StrEnum):
    """What happened to a rdv."""

    CREATED = "created"
    MOVED = "moved"
    CANCELLED = "cancelled"


def announce(
    kind: Change,
    rdv: Rdv,
    participations: Sequence[Participation],
    *,
    by: Agent | None = None,
    tell_people: bool = True,
    former_starts_at: datetime | None = None,
    former_agents: Collection[int] = (),
) -> None:
    """Have the worker tell everybody concerned. `by` is the agent who did it; None when it was the person.

    `tell_people` says whether the people of `participations` are told, as they are now; agents always are,
    at the level that each chose.
    """
    jobs.defer(
        "tell_of_rdv_change",
        {
            "rdv_id": rdv.pk,
            "kind": str(kind),
            "participations": [[one.pk, one.sequence] for one in participations] if tell_people else [],
            "by_agent_id": by.pk if by else None,
            "former_starts_at": former_starts_at.isoformat() if former_starts_at else None,
            "former_agent_ids": [*sorted(former_agents)],
        },
        queue="notifications",
    )
