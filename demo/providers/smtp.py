"""A mail server that takes every mail and delivers none."""

import asyncio
import email
import email.policy
import socket
import threading
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.providers import storage
from demo.providers.script import Behaviour, Script

_AT_RCPT = {
    Behaviour.REFUSE_RECIPIENT: "550 5.1.1 No such user here",
    Behaviour.TRY_LATER: "451 4.7.1 Greylisted, please try again later",
}
_LARGEST_MAIL = 30_000_000


class SmtpProvider:
    """The server on a port of this machine; a context manager. `port` 0 takes a free one."""

    def __init__(self, outbox: Path, *, port: int = 0) -> None:
        self.outbox, self.script = outbox, Script()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=128)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.stopping = asyncio.Event()

    @property
    def port(self) -> int:
        """What EMAIL_PORT is set to."""
        return int(self._socket.getsockname()[1])

    def received(self) -> list[EmailMessage]:
        """The mails taken, oldest first."""
        names = [name for name in storage.names(self.outbox) if storage.described(name)[1] == "email"]
        return [parse((self.outbox / name).read_bytes()) for name in reversed(names)]

    def hang_up(self) -> None:
        """Close the sessions of all who wait, and listen no more."""
        self._loop.call_soon_threadsafe(self.stopping.set)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.script.stopped.set()
        if not self._loop.is_closed():
            self.hang_up()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        """Listen until told to stop, then hang up on everybody."""
        server = await self._loop.create_server(self._session, sock=self._socket.dup())
        await self.stopping.wait()
        server.close()
        sessions = asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    def _session(self) -> SMTP:
        return SMTP(_Handler(self), data_size_limit=_LARGEST_MAIL, hostname="localhost", loop=self._loop)


def parse(content: bytes) -> EmailMessage:
    """A mail as its reader sees it: headers decoded, parts found."""
    return email.message_from_bytes(content, policy=email.policy.default)


class _Handler:
    """One session with one client."""

    def __init__(self, provider: SmtpProvider) -> None:
        self.provider, self.behaviour = provider, Behaviour.TAKE

    async def handle_RCPT(  # noqa: N802 - the names aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        behaviour = self.provider.script.take_one()
        if behaviour in _AT_RCPT:
            return _AT_RCPT[behaviour]
        if behaviour == Behaviour.HANG:
            await self.provider.stopping.wait()
        if behaviour == Behaviour.DISCONNECT and server.transport:
            server.transport.close()
        self.behaviour = behaviour
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.behaviour == Behaviour.REFUSE_MESSAGE:
            return "554 5.7.1 Message refused"
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            storage.store(self.provider.outbox, channel="email", recipient=recipient, content=content)
            if self.provider.script.before_answer:
                self.provider.script.before_answer(recipient)
        return "250 OK: taken"
