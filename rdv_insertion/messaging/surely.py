"""Writing down what a provider answered, whatever happens to the database meanwhile."""

import time
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, connection

logger = structlog.get_logger(__name__)

_WAITS_IN_SECONDS = (0, 1, 2, 4, 8, 15, 30)


def surely(write: Callable[[], None]) -> None:
    """Run `write`; when the connection is lost (the server restarts), run it again on a new one for a minute.

    The provider has taken the message: not to remember it would be to send it twice. `write` must bear to
    be run twice.
    """
    for wait in _WAITS_IN_SECONDS:
        try:
            write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:  # somebody else's transaction: only they can start it again
                raise
            logger.warning("outcome_not_written_yet", seconds_before_next_try=wait)
            connection.close()
            time.sleep(wait)
        else:
            return
    write()
