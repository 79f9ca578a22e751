"""Writing the agenda: one transaction each."""

from rdv_insertion.agenda.plans import Plan
from rdv_insertion.agenda.services.booking import book, book_seat, prescribe, prescribe_seat
from rdv_insertion.agenda.services.changes import (
    cancel,
    cancellable_until,
    may_cancel,
    may_move,
    movable_until,
    move,
)
from rdv_insertion.agenda.services.errors import AlreadyBooked, NotAllowed, SlotTaken, Unconfirmed
from rdv_insertion.agenda.services.occupation import nearest
from rdv_insertion.agenda.services.participants import add_participants
from rdv_insertion.agenda.services.planning import cancel_rdv, change_rdv, create_rdv, create_rdvs, reschedule
from rdv_insertion.agenda.services.reminders import remind
from rdv_insertion.agenda.services.statuses import Recorded, record_status, record_statuses

__all__ = [
    "AlreadyBooked",
    "NotAllowed",
    "Plan",
    "Recorded",
    "SlotTaken",
    "Unconfirmed",
    "add_participants",
    "book",
    "book_seat",
    "cancel",
    "cancel_rdv",
    "cancellable_until",
    "change_rdv",
    "create_rdv",
    "create_rdvs",
    "may_cancel",
    "may_move",
    "movable_until",
    "move",
    "nearest",
    "prescribe",
    "prescribe_seat",
    "record_status",
    "record_statuses",
    "remind",
    "reschedule",
]
