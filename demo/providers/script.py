"""How a provider answers: well, unless it was told to misbehave."""

import threading
from collections import deque
from collections.abc import Callable
from enum import StrEnum


class Behaviour(StrEnum):
    """What may happen to one message. Each provider knows its own."""

    TAKE = "take"
    # APIs: the message is not taken
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    TOO_MANY_REQUESTS = "429"
    NO_CREDIT = "402"
    INVALID_PARAMETER = "400"
    GARBAGE = "garbage"
    # APIs: the message is taken, and the answer is not the one expected, or never comes
    TAKE_THEN_GARBAGE = "201 and garbage"
    TAKE_THEN_BAD_GATEWAY = "taken, then 502"
    TAKE_THEN_DISCONNECT = "taken, then disconnect"
    TAKE_THEN_HANG = "taken, then hang"
    # Mail
    REFUSE_RECIPIENT = "550"
    TRY_LATER = "451"
    REFUSE_MESSAGE = "554"
    DISCONNECT = "disconnect"
    # Both
    HANG = "hang"


class Script:
    """The answers to come: those given to `next`, one a message, then the one given to `always`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: deque[Behaviour] = deque()
        self._default = Behaviour.TAKE
        # Released when the provider stops, so that whoever hangs goes home.
        self.stopped = threading.Event()
        # How many seconds a "too many requests" or an "unavailable" asks to wait; 0, it does not say.
        self.retry_after = 0
        # Called with the recipient once a message is kept and before it is acknowledged.
        self.before_answer: Callable[[str], None] | None = None

    def next(self, *behaviours: Behaviour) -> None:
        """Answer the next messages so, in this order."""
        with self._lock:
            self._coming.extend(behaviours)

    def forget(self) -> None:
        """Answer well again, whatever was asked before."""
        with self._lock:
            self._coming.clear()
            self._default = Behaviour.TAKE

    def always(self, behaviour: Behaviour) -> None:
        """Answer so when nothing else was asked."""
        with self._lock:
            self._default = behaviour

    def take_one(self) -> Behaviour:
        """The behaviour for the message that has just come."""
        with self._lock:
            return self._coming.popleft() if self._coming else self._default
