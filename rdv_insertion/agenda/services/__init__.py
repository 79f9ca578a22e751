"""Writing the agenda: one transaction each."""

from rdv_insertion.agenda.services.booking import (
    AlreadyBooked,
    NotAllowed,
    SlotTaken,
    book,
    cancel,
    cancellable_until,
    may_cancel,
    may_move,
    movable_until,
    move,
    nearest,
    record_status,
    remind,
)

__all__ = [
    "AlreadyBooked",
    "NotAllowed",
    "SlotTaken",
    "book",
    "cancel",
    "cancellable_until",
    "may_cancel",
    "may_move",
    "movable_until",
    "move",
    "nearest",
    "record_status",
    "remind",
]
