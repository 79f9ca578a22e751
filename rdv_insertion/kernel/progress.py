"""How far a long work is, and when it may end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rdv_insertion.kernel.text import plural


@dataclass(frozen=True)
class Progress:
    """How many things of a work are done, since when."""

    done: int
    total: int
    began_at: datetime | None

    @property
    def percentage(self) -> int:
        """From 0 to 100; 100 only when all is done."""
        return 100 * self.done // self.total if self.total else 100

    @property
    def left(self) -> int:
        """What is still to do."""
        return self.total - self.done

    def time_left(self, now: datetime) -> timedelta | None:
        """An estimate, once something is done."""
        if not self.done or not self.began_at:
            return None
        return (now - self.began_at) / self.done * self.left

    def per_second(self, now: datetime) -> int | None:
        """Things done in a second since the work began, once something is done."""
        seconds = (now - self.began_at).total_seconds() if self.began_at else 0
        return max(round(self.done / seconds), 1) if self.done and seconds > 0 else None


def about(left: timedelta | None) -> str:
    """`environ 2 minutes`, or nothing while nobody knows."""
    if left is None:
        return ""
    seconds = round(left.total_seconds())
    if seconds < 60:
        return f"environ {plural(max(seconds, 1), 'seconde')}"
    return f"environ {plural(round(seconds / 60), 'minute')}"
