"""`make demo`: everything on this machine, from the database to the page, until Ctrl-C."""

import errno
import fcntl
import http.client
import os
import shlex
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple, NoReturn

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from demo.processes import Processes
from rdv_insertion.kernel import embedded_database
from rdv_insertion.messaging.callbacks import CallbackSource, callback_url

ROOT = Path(__file__).resolve().parent.parent
_PORT_BY_DEFAULT, _PORTS = 8000, range(1, 65_536)
_READY_WITHIN_SECONDS = 60


class Refused(Exception):
    """The demonstration cannot start. The text says in French why, and what to type."""


class Address(NamedTuple):
    """Where the pages are served."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """What a browser on this machine opens."""
        return f"http://{'127.0.0.1' if self.host in ('0.0.0.0', '::') else self.host}:{self.port}"  # noqa: S104


def main(arguments: Sequence[str]) -> int:
    """Start the demonstration, or erase its data with the argument `reset`; the exit code."""
    _write_at_once()
    try:
        return _reset() if list(arguments) == ["reset"] else _run()
    except Refused as refusal:
        sys.stderr.write(f"\n{refusal}\n")
    except PermissionError as error:
        sys.stderr.write(
            f"\nLe fichier {error.filename} appartient à un autre utilisateur. Relancez la commande avec le "
            "même utilisateur que la première fois, ou tapez : sudo make demo-reset\n"
        )
    return 1


def _write_at_once() -> None:
    """Lines leave as they come, even into a pipe, whatever the terminal can draw."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="replace")  # type: ignore[union-attr]


def data_folder() -> Path:
    """Where the demonstration keeps its files: the same place as DATA_DIR in config/settings/base.py."""
    return Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()


def _run() -> int:
    address = _address()
    with _alone(data_folder()):
        _check_port(address)
        _set_environment(address)
        with _interruptible() as interruption:
            _prepare(interruption)
        processes = Processes(_commands(address), when_started=lambda: _announce(address))
        try:
            code = processes.run()
        finally:
            if "EMBEDDED_DATABASE" in os.environ:
                embedded_database.stop(data_folder() / "postgres")
    if processes.ended:
        sys.stderr.write(
            f"\nLe processus « {processes.ended} » s'est arrêté tout seul (code {code}). Tout est arrêté. "
            "Les lignes ci-dessus disent pourquoi.\n"
        )
    else:
        sys.stdout.write("\nTout est arrêté. Les données sont gardées.\n")
    return code


def _address() -> Address:
    typed = os.environ.get("PORT") or str(_PORT_BY_DEFAULT)
    if not typed.isdecimal() or int(typed) not in _PORTS:
        raise Refused(
            f"« {typed} » n'est pas un port (de 1 à 65535). Tapez par exemple : PORT=8010 make demo"
        )
    return Address(os.environ.get("HOST") or "127.0.0.1", int(typed))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the data folder until the end. Raises Refused when another demonstration runs on it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(
                f"La démonstration tourne déjà avec les données de {folder}. "
                "Arrêtez-la d'abord : Ctrl-C dans sa fenêtre."
            ) from error
        yield


def _check_port(address: Address) -> None:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address.host, address.port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            reason = "déjà pris par un autre programme" if taken else f"inutilisable ({error.strerror})"
            raise Refused(
                f"Le port {address.port} est {reason}. "
                f"Choisissez-en un autre, par exemple : PORT={_free_ports(1)[0]} make demo"
            ) from error


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _set_environment(address: Address) -> None:
    """What this process and its children read (config/settings/dev.py)."""
    smtp_port, sms_port, address_port, email_port, ovh_port = _free_ports(5)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    defaults = {
        "DATA_DIR": str(data_folder()),
        "PUBLIC_URL": address.url,
        "DEMO_SMTP_PORT": str(smtp_port),
        "DEMO_SMS_PORT": str(sms_port),
        "DEMO_ADDRESS_PORT": str(address_port),
        "DEMO_EMAIL_PORT": str(email_port),
        "DEMO_OVH_PORT": str(ovh_port),
        # Answers are typed in /demo/messages: no mail comes from outside.
        "REPLY_DOMAIN": "reponses.demo.test",
        "ALLOWED_HOSTS": "*" if address.host in ("0.0.0.0", "::") else f"{address.host},localhost",  # noqa: S104
        # The announcement stays in sight; LOG_LEVEL=INFO make demo shows every request.
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        # Static files are collected in production only.
        "PYTHONWARNINGS": "ignore:No directory at:UserWarning",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


class _Interruption:
    """A signal that asks to stop during the preparation: obeyed at once, but never while the server starts,
    which would leave it behind."""

    def __init__(self) -> None:
        self.asked = self.held = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if not self.held:
            self.obey()

    def obey(self) -> NoReturn:
        sys.stdout.write("\nArrêt demandé pendant la préparation. Tout est arrêté.\n")
        raise SystemExit(0)


@contextmanager
def _interruptible() -> Iterator[_Interruption]:
    interruption = _Interruption()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interruption)
    yield interruption


def _prepare(interruption: _Interruption) -> None:
    """Database, tables, department. The address of the database goes to the children, who do not own it."""
    start = time.perf_counter()
    sys.stdout.write("Préparation de la base de données…\n")
    if not os.environ.get("DATABASE_URL"):
        interruption.held = True
        try:
            os.environ["DATABASE_URL"] = embedded_database.start(data_folder() / "postgres")
        except Exception:
            # Ctrl-C reaches PostgreSQL's own tools too: what they say of it is no news.
            if interruption.asked:
                interruption.obey()
            raise
        os.environ["EMBEDDED_DATABASE"] = "1"
        interruption.held = False
        if interruption.asked:
            interruption.obey()
    _fill_database()
    sys.stdout.write(f"Base prête en {time.perf_counter() - start:.1f} s. Démarrage du site…\n")


def _fill_database() -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("load_demo")
    connections.close_all()


def _commands(address: Address) -> dict[str, str]:
    """The processes, by the name shown before their lines."""
    python = [sys.executable]
    web = ["-m", "granian", "--interface", "wsgi", "--host", address.host, "--port", str(address.port)]
    web += ["--blocking-threads", "4", "--workers-kill-timeout", "2", "--no-ws", "--log-level", "warning"]
    worker = [str(ROOT / "manage.py"), "work", "--sms", "2", "--mails", "2", "--others", "2"]
    worker += ["--patience", "2"]
    outbox = ["--outbox", str(settings.DEMO_OUTBOX)]
    ports = ["--smtp-port", os.environ["DEMO_SMTP_PORT"], "--sms-port", os.environ["DEMO_SMS_PORT"]]
    ports += ["--address-port", os.environ["DEMO_ADDRESS_PORT"]]
    ports += ["--email-port", os.environ["DEMO_EMAIL_PORT"], "--ovh-port", os.environ["DEMO_OVH_PORT"]]
    ports += ["--mail-callback", callback_url(CallbackSource.BREVO_EMAIL)]
    return {
        "web": shlex.join([*python, *web, "config.wsgi:application"]),
        "worker": shlex.join([*python, *worker]),
        "providers": shlex.join([*python, "-m", "demo.providers", *outbox, *ports]),
    }


def _announce(address: Address) -> None:
    threading.Thread(target=_watch, args=(address, os.getppid()), daemon=True).start()


def _watch(address: Address, parent: int) -> None:
    """Say when the pages answer, then stop everything if `make`, which started us, is killed."""
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while not _answers(address):
        if time.monotonic() > deadline:
            sys.stderr.write("Le site ne répond pas. Les lignes ci-dessus disent pourquoi.\n")
            break
        time.sleep(0.1)
    else:
        sys.stdout.write(_announcement())
    while "MAKELEVEL" in os.environ:
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)


def _answers(address: Address) -> bool:
    connection = http.client.HTTPConnection(address.url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _announcement() -> str:
    url = os.environ["PUBLIC_URL"]
    lines = [
        "La démonstration est prête.",
        "",
        f"Adresse    {url}",
        f"Visite     {url}/demo",
        "           chaque page, en un clic, avec le bon compte",
        f"Messages   {url}/demo/messages",
        "           les SMS, les mails et les courriers : rien ne sort de cette machine",
        "",
        "Comptes, avec le mot de passe « demo »",
        "           admin@demo.test        administratrice des quatre organisations",
        "           agent@demo.test        agent du Département, à Valence",
        "           partenaire@demo.test   agente de Diois Insertion, à Die",
        "",
        "Ctrl-C arrête tout et garde les données. « make demo-reset » les efface.",
    ]
    width = max(map(len, lines))
    body = "".join(f"│ {line.ljust(width)} │\n" for line in lines)
    return f"\n┌{'─' * (width + 2)}┐\n{body}└{'─' * (width + 2)}┘\n\n"


def _reset() -> int:
    """Erase the database and the outbox of the demonstration."""
    folder = data_folder()
    with _alone(folder):
        database = folder / "postgres"
        if embedded_database.is_running(database):
            embedded_database.start(database)
            embedded_database.stop(database)
        if embedded_database.is_running(database):
            raise Refused(f"Un autre programme utilise la base de {database}. Arrêtez-le, puis recommencez.")
        for erased in (database, folder / "outbox"):
            if erased.exists():
                shutil.rmtree(erased)
    sys.stdout.write("Les données de la démonstration sont effacées. « make demo » repart de zéro.\n")
    if os.environ.get("DATABASE_URL"):
        sys.stdout.write("La base que nomme DATABASE_URL n'est pas touchée.\n")
    return 0
