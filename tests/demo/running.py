"""The real `make demo`, on a port and in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
_OF_THE_TESTS = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PUBLIC_URL", "DATA_DIR", "MAKELEVEL", "LOG_LEVEL")
_SOCKET_FOLDER_LINE = 4


class Demo:
    """The real command, its output, and all the processes that it started."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "demo"],
            cwd=ROOT,
            env=environment(folder, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            # As in a terminal, Ctrl-C reaches the whole group.
            start_new_session=True,
        )

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """Its database, which listens in a folder only."""
        return f"postgresql://postgres:@/postgres?host={self._postmaster()[_SOCKET_FOLDER_LINE]}"

    def wait_until_it_says(self, text: str) -> str:
        """Read lines until one has `text`, and return it; the test fails when the output ends before."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if text in line:
                return line
        raise AssertionError(f"« {text} » was never said, but:\n{''.join(said)}")

    def everybody(self) -> list[psutil.Process]:
        """Every process of it, PostgreSQL's included, which are nobody's children."""
        server = psutil.Process(int(self._postmaster()[0]))
        runner = psutil.Process(self.process.pid)
        return [runner, server, *runner.children(recursive=True), *server.children(recursive=True)]

    def press_ctrl_c(self) -> None:
        """What a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def rest_of_the_output(self) -> str:
        """Wait for the end, and return what was said since the last line read."""
        output, _ = self.process.communicate(timeout=20)
        return output

    def _postmaster(self) -> list[str]:
        return (self.folder / "postgres" / "postmaster.pid").read_text().splitlines()


def environment(folder: Path, port: int) -> dict[str, str]:
    """What the command is started with, nothing of the tests' own settings among it."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_THE_TESTS}
    return {**kept, "DATA_DIR": str(folder), "PORT": str(port), "PYTHONIOENCODING": "utf-8"}


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def started(folder: Path) -> Iterator[Demo]:
    """Start it, and stop it at the end whatever happens."""
    demo = Demo(folder, free_port())
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.send_signal(signal.SIGTERM)
        demo.process.communicate(timeout=20)
