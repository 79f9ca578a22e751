"""The worker: `manage.py work`. One process, and for each kind of job as many at a time as is said."""

import argparse
import asyncio
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app

from rdv_insertion.messaging.enums import Channel

# Jobs at a time, by kind: a mail server that is slow holds the places of mails, never those of SMS, and a
# long import holds neither.
_AT_A_TIME = {"sms": 4, "mails": 4, "others": 2}


class Command(BaseCommand):
    help = "Send messages, write imports and keep house, until asked to stop. As many processes as wanted."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """0 leaves a kind of job to other processes."""
        for kind, number in _AT_A_TIME.items():
            said = f"jobs at a time (default: {number}; 0: none)"
            parser.add_argument(f"--{kind}", type=int, default=number, help=said)
        parser.add_argument("--once", action="store_true", help="leave when nothing waits")
        parser.add_argument(
            "--patience", type=float, default=None, help="seconds given to jobs to end, once asked to stop"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or Ctrl-C."""
        places = {kind: options[kind] for kind in _AT_A_TIME if options[kind] > 0}
        connector: Any = app.connector
        with app.replace_connector(connector.get_worker_connector()):
            asyncio.run(_work(places, once=options["once"], patience=options["patience"]))


def queues_of(kind: str) -> set[str]:
    """The queues of one kind of job. What is neither SMS nor mail is the rest, whatever apps add."""
    apart = {"sms": {Channel.SMS.value}, "mails": {Channel.EMAIL.value}}
    if kind in apart:
        return apart[kind]
    return {task.queue for task in app.tasks.values()} - set().union(*apart.values())


async def _work(places: Mapping[str, int], *, once: bool, patience: float | None) -> None:
    loop = asyncio.get_running_loop()
    # Each job is a thread: the usual number of threads would be shared by all kinds.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=sum(places.values()), thread_name_prefix="job"))
    async with app.open_async():
        workers = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=sorted(queues_of(kind)),
                    name=kind,
                    concurrency=number,
                    wait=not once,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=patience,  # type: ignore[arg-type]  # None: as long as it takes
                )
            )
            for kind, number in places.items()
        ]
        for asked in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(asked, lambda: [worker.cancel() for worker in workers])
        await _together(workers, until_first=not once)


async def _together(workers: list["asyncio.Task[None]"], *, until_first: bool) -> None:
    """Wait for all; a kind that stops by itself (its connection is lost for good) stops the others, so that
    whoever watches the process starts it again."""
    waited = asyncio.FIRST_COMPLETED if until_first else asyncio.ALL_COMPLETED
    await asyncio.wait(workers, return_when=waited)
    stopped_alone = until_first and not any(worker.cancelling() for worker in workers)
    for worker in workers:
        worker.cancel()
    results = await asyncio.gather(*workers, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    if stopped_alone:
        raise SystemExit(1)
