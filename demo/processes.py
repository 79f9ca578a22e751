"""The processes of the demonstration: started together, stopped together, none left behind.

honcho starts them and mixes their lines. What is added here: a closed terminal stops them too, one that does
not stop is killed soon, and none outlives this process even when it is killed.
"""

import contextlib
import ctypes
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import honcho.manager
import honcho.process

# Time given to a process to stop by itself.
_PATIENCE_IN_SECONDS = 2.5
_PR_SET_PDEATHSIG = 1


class _Process(honcho.process.Process):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._child_ctor = _start_command

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """In the small process that watches one command: start the command and pass its lines on."""
        _die_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        super().run(events, ignore_signals)


class Processes(honcho.manager.Manager):
    """Commands that live and end together. `ended` names the one that ended by itself, if any."""

    def __init__(self, commands: Mapping[str, str], *, when_started: Callable[[], None]) -> None:
        super().__init__()
        self.ended: str | None = None
        self._process_ctor = _Process
        self._when_started = when_started
        for name, command in commands.items():
            self.add_process(name, f"exec {command}")

    def run(self) -> int:
        """Run until a command ends, or until SIGINT, SIGTERM or SIGHUP; 0 when we were asked to stop."""
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
        try:
            self.loop()
        finally:
            self._leave_nobody()
        return (self.returncode or 1) if self.ended else 0

    def terminate(self) -> None:
        """Ask every process to stop; kill a little later those that did not."""
        if not self._all_started():
            _later(0.1, self.terminate)
            return
        if not self._terminating:
            self.ended = next((name for name, one in self._processes.items() if "returncode" in one), None)
            _later(_PATIENCE_IN_SECONDS, self.kill)
        super().terminate()

    def _start(self) -> None:
        super()._start()
        self._when_started()

    def _leave_nobody(self) -> None:
        """Nothing to do after a normal end; after an error (a terminal that went away), kill what is left."""
        self._killall(force=True)
        for one in self._processes.values():
            if one.get("process"):
                one["process"].kill()
                one["process"].join()

    def _system_print(self, data: str) -> None:
        """Say nothing of each start and stop."""


def _start_command(command: str, **options: Any) -> honcho.process.Popen:
    """Start `command` in a process group of its own, that ends with its first process and with ours."""
    die_too = functools.partial(_die_with_parent, signal.SIGTERM)
    started = honcho.process.Popen(command, preexec_fn=die_too, **options)
    threading.Thread(target=_end_group, args=(started,), daemon=True).start()
    return started


def _end_group(leader: honcho.process.Popen) -> None:
    """A web server that is killed leaves workers that nobody would stop: they end with it."""
    leader.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)


def _die_with_parent(with_signal: int) -> None:
    """Have Linux send `with_signal` to this process when its parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, with_signal)


def _later(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
