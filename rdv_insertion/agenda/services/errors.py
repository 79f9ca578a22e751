"""Why the agenda refuses, in words that a page can show."""

import hashlib
from collections.abc import Sequence

from rdv_insertion.agenda.creneaux import Creneau
from rdv_insertion.agenda.models import Participation


class SlotTaken(Exception):
    """Somebody else took this créneau, or it never was one. `nearest` are free ones around it, in order."""

    def __init__(self, nearest: Sequence[Creneau] = ()) -> None:
        super().__init__("slot taken")
        self.nearest = nearest


class AlreadyBooked(Exception):
    """This follow-up has a live rdv: one invitation gives one."""

    def __init__(self, participation: Participation) -> None:
        super().__init__("already booked")
        self.participation = participation


class NotAllowed(Exception):
    """The rules refuse it now. The text is a French sentence."""


class Unconfirmed(Exception):
    """It may be done, but an agent must first have read `warnings`, French sentences."""

    def __init__(self, warnings: Sequence[str]) -> None:
        super().__init__("unconfirmed")
        self.warnings = tuple(warnings)

    @property
    def fingerprint(self) -> str:
        """What a form sends back to say that exactly these warnings were read."""
        return hashlib.sha256("\n".join(self.warnings).encode()).hexdigest()[:32]
