"""What every provider that carries messages offers, and how it says no."""

from datetime import timedelta
from typing import Protocol

from rdv_insertion.messaging.models import Message


class DeliveryError(Exception):
    """The provider did not say that it took the message. The text is a French sentence for agents.

    `permanent`: trying again cannot help; with `refuses_contact`, no other message will arrive there either
    (a number that does not exist). Otherwise the message is tried again, later and later. `maybe_taken`: the
    request had left when the connection was lost, so that the provider may have the message. `retry_after`:
    it asked for that much peace.
    """

    def __init__(
        self,
        sentence: str,
        *,
        permanent: bool,
        refuses_contact: bool = False,
        maybe_taken: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.permanent = permanent
        self.refuses_contact = refuses_contact
        self.maybe_taken = maybe_taken
        self.retry_after = retry_after


class Transport(Protocol):
    """Hands messages to one provider."""

    # Whether `find` can tell: the provider keeps what it took under our reference.
    can_tell: bool

    def send(self, message: Message) -> str:
        """Send `message` with its id as reference and return the provider's own. Raises DeliveryError."""
        ...

    def find(self, message: Message) -> str | None:
        """The provider's reference of `message` if it has taken it, None if it has not. Only when `can_tell`.

        Raises DeliveryError when it does not answer.
        """
        ...

    def close(self) -> None:
        """Hang up; nothing may be sent afterwards."""
        ...


def reference_of(message: Message) -> str:
    """Under which every provider knows our message: its tag."""
    return f"message-{message.pk}"
