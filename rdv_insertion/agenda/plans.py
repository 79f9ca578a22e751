"""An appointment as an agent wants it, before it is checked and written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rdv_insertion.agenda.models import Lieu, Motif
from rdv_insertion.agents.models import Agent
from rdv_insertion.usagers.models import Usager


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A rdv as an agent wants it. Aware datetimes; `agents` is never empty; a collective one may have nobody.

    A `lieu` that is not written yet, for this rdv only, is written with it. `context` is for agents only.
    `name` and `max_participants_count` are those of a collective rdv.
    """

    motif: Motif
    starts_at: datetime
    ends_at: datetime
    agents: Sequence[Agent]
    lieu: Lieu | None = None
    usagers: Sequence[Usager] = ()
    name: str = ""
    context: str = ""
    max_participants_count: int | None = None

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks of the place."""
        return self.lieu.time_zone if self.lieu else self.motif.organisation.time_zone
