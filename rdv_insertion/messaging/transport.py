"""What every channel that sends something offers."""

from typing import Protocol

from rdv_insertion.messaging.models import Message


class DeliveryError(Exception):
    """The provider did not take the message. The text is a French sentence for agents.

    `permanent`: trying again cannot help (a number that does not exist). Otherwise the message is tried
    again, later and later.
    """

    def __init__(self, sentence: str, *, permanent: bool) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.permanent = permanent


class Transport(Protocol):
    """Hands messages to a provider."""

    def send(self, message: Message) -> str:
        """Send `message` with its id as reference and return the provider's own. Raises DeliveryError."""
        ...

    def close(self) -> None:
        """Hang up; nothing may be sent afterwards."""
        ...
