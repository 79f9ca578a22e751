"""Inviting: one person or ten thousand, at once or by a job, again at day 3, by letter at last."""

from rdv_insertion.invitations.services.checks import (
    AGAIN_AFTER,
    UNREACHABLE,
    can_reach,
    expiry,
    foreseen_reasons,
    foreseen_refusals,
    free_slots,
)
from rdv_insertion.invitations.services.inviting import (
    Report,
    invite,
    mark_clicked,
)

__all__ = [
    "AGAIN_AFTER",
    "UNREACHABLE",
    "Report",
    "can_reach",
    "expiry",
    "foreseen_reasons",
    "foreseen_refusals",
    "free_slots",
    "invite",
    "mark_clicked",
]
