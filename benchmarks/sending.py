"""What the benchmarks of messages share: messages to send, providers and workers in their own processes."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from benchmarks import population
from rdv_insertion.messaging import services
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.texts import Text
from rdv_insertion.territory.models import Organisation

ROOT = Path(__file__).resolve().parent.parent
_BY_BLOCKS_OF = 1_000
_SMS = (
    "Madame DURAND Marina, vous etes allocataire du RSA et invitee a prendre rendez-vous. "
    "Choisissez un creneau avec ce lien : https://rdv.exemple.fr/r/ABCDEFGH"
)


@dataclass(frozen=True)
class PlainContent:
    """An invitation without the work of writing it, which benchmarks/invitations.py measures."""

    def render(self, channel: str, language: str) -> Text:
        """See `Content.render`."""
        if channel == "sms":
            return Text(_SMS)
        return Text(_SMS * 5, subject="Prenez rendez-vous", html=f"<p>{_SMS}</p>" * 8)


def write(organisation: Organisation, count: int, channel: str, *, now: datetime) -> None:
    """Write `count` messages and their jobs, to as many people."""
    usagers = population.people(organisation, count, now=now)
    for start in range(0, count, _BY_BLOCKS_OF):
        drafts = [
            services.Draft(
                organisation=organisation,
                to=usager,
                purpose=Purpose.INVITATION,
                channel=channel,
                about="bench",
                content=PlainContent(),
                even_at_night=True,
            )
            for usager in usagers[start : start + _BY_BLOCKS_OF]
        ]
        services.enqueue(drafts=drafts, now=now)
    if Message.objects.filter(status="created", channel=channel).count() != count:
        raise AssertionError("not all messages were written")


def database_url() -> str:
    """The database of this process, for others."""
    place = connection.settings_dict
    host = place["OPTIONS"].get("host") or place["HOST"]
    password = f":{quote(place['PASSWORD'])}" if place["PASSWORD"] else ""
    place_of_server = f"host={host}&port={place['PORT'] or 5432}"
    return f"postgresql://{quote(place['USER'])}{password}@/{place['NAME']}?{place_of_server}"


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def providers(outbox: Path) -> Iterator[dict[str, str]]:
    """All the local providers in one process; what workers must be told to meet them."""
    names = {"smtp": "SMTP", "sms": "SMS", "address": "ADDRESS", "email": "EMAIL", "ovh": "OVH"}
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [sys.executable, "-m", "demo.providers", "--outbox", str(outbox)]
    for name, port in ports.items():
        command += [f"--{name}-port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        if not process.stdout or b"ready" not in process.stdout.readline():
            raise AssertionError("the providers did not start")
        yield {f"DEMO_{names[name]}_PORT": str(port) for name, port in ports.items()}
    finally:
        process.terminate()
        process.wait()


def worker(environment: Mapping[str, str], *options: str) -> "subprocess.Popen[bytes]":
    """A worker as production starts it (`manage.py work`), on the database of this process."""
    command = [sys.executable, "manage.py", "work", *options]
    told = {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": database_url(),
        "LOG_LEVEL": "CRITICAL",
    }
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **told, **environment}, stderr=subprocess.DEVNULL
    )


def drain(environment: Mapping[str, str], options: Sequence[str], *, patience: float) -> None:
    """Have one worker send all that waits."""
    process = worker(environment, *options, "--once")
    try:
        if process.wait(patience):
            raise AssertionError(f"the worker ended with {process.returncode}")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
