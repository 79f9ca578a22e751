"""Everything that can break while messages leave, and the accounts made up with the provider's own log.

`python -m benchmarks.faults` prints the table and ends with 1 on any difference; `python -m benchmarks
message_faults` puts it among the figures; tests/messaging/test_faults.py does it small.
"""

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from asgiref.sync import async_to_sync
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException

from benchmarks import population, sending
from benchmarks.measure import Figure
from demo.providers import storage
from demo.providers.script import Behaviour
from demo.providers.sms import SmsProvider
from demo.providers.smtp import SmtpProvider
from rdv_insertion.messaging import services
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message, ProviderHealth
from rdv_insertion.messaging.services.planning import plan
from rdv_insertion.territory.models import Organisation

SENDS, KILLS, RESTARTS = 5_000, 20, 5
_PATIENCE_SECONDS = 180
_LONGEST_OUTAGE_STEP = timedelta(minutes=2)


@dataclass(frozen=True)
class Account:
    """One scenario: what we wrote, what the provider's own log says, what we believe."""

    scenario: str
    written: int
    sent: int
    # Each time the provider took a message, by the message; and what it told the client it took.
    taken: Counter[str]
    acknowledged: int
    # Doubles that this provider gives no way to avoid: at most so many.
    bearable: int = 0
    remark: str = ""

    @property
    def doubled(self) -> int:
        """Taken once too many."""
        return self.taken.total() - len(self.taken)

    @property
    def lost(self) -> int:
        """Written, and never taken."""
        return self.written - len(self.taken)

    @property
    def differences(self) -> int:
        """What should be 0."""
        unsent = abs(self.written - self.sent)
        return max(0, self.doubled - self.bearable) + abs(self.lost) + unsent


def measure() -> list[Figure]:
    """Figures of the whole thing."""
    return [
        Figure(
            f"{one.scenario}: differences",
            one.differences,
            unit="",
            goal=0.5,
            compared=f"{one.written:,} written, {one.taken.total():,} taken, {one.doubled} doubled, "
            f"{one.lost} lost. {one.remark}",
        )
        for one in accounts(sends=SENDS, kills=KILLS, restarts=RESTARTS)
    ]


def accounts(*, sends: int, kills: int, restarts: int) -> list[Account]:
    """All the scenarios, one after the other, each on messages of its own."""
    organisation = population.an_organisation()
    return [
        killed(organisation, sends=sends, kills=kills),
        killed_with_mails(organisation, sends=sends // 10, kills=kills // 4),
        restarted(organisation, sends=sends, restarts=restarts),
        provider_down(organisation, sends=sends // 5),
        racing(organisation, sends=sends),
    ]


def killed(organisation: Organisation, *, sends: int, kills: int, seed: int = 1) -> Account:
    """A worker killed by SIGKILL, again and again, at random moments."""
    with _sms_provider() as provider:
        _write(organisation, sends, "sms")
        moments = sorted(random.Random(seed).sample(range(sends), kills))  # noqa: S311
        done, in_doubt = _send_and_kill(lambda: len(provider.taken), moments, _told(provider))
        remark = f"{done} kills; {in_doubt} messages were in doubt, and the provider was asked"
        return _account(f"worker killed {done} times", sends, provider, remark=remark)


def killed_with_mails(organisation: Organisation, *, sends: int, kills: int, seed: int = 2) -> Account:
    """The same by SMTP, which has no question to ask: each thread may repeat the mail it was sending."""
    with tempfile.TemporaryDirectory() as folder, SmtpProvider(Path(folder)) as provider:
        outbox = Path(folder)
        _write(organisation, sends, "email")
        moments = sorted(random.Random(seed).sample(range(sends), kills))  # noqa: S311
        told = {"DEMO_SMTP_PORT": str(provider.port)}
        done, _ = _send_and_kill(lambda: len(storage.names(outbox)), moments, told)
        taken = Counter(storage.described(name)[2] for name in storage.names(outbox))
        sent = Message.objects.filter(status=MessageStatus.SENT).count()
        return Account(
            f"worker killed {done} times, mails by SMTP",
            sends,
            sent,
            taken,
            taken.total(),
            bearable=4 * done,
            remark=f"{4 * done} doubles at most: 4 mails are under way at a time",
        )


def restarted(organisation: Organisation, *, sends: int, restarts: int, seed: int = 3) -> Account:
    """PostgreSQL crashes and comes back while messages leave; a worker that gives up is started again."""
    with _sms_provider() as provider:
        _write(organisation, sends, "sms")
        told = _told(provider)
        watched = _Watched(told)
        try:
            for moment in sorted(random.Random(seed).sample(range(sends), restarts)):  # noqa: S311
                _wait_until(lambda at=moment: len(provider.taken) >= at, watched.keep_alive)
                _crash_postgresql()
        finally:
            watched.end()
        _finish(told)
        return _account(f"PostgreSQL crashed {restarts} times", sends, provider)


def provider_down(organisation: Organisation, *, sends: int, minutes: int = 10) -> Account:
    """For what messages live as so many minutes (their next tries are moved back), the provider fails in
    every way it knows; then it is back."""
    failures = [
        Behaviour.SERVER_ERROR,
        Behaviour.TOO_MANY_REQUESTS,
        Behaviour.UNAVAILABLE,
        Behaviour.GARBAGE,
        Behaviour.BAD_GATEWAY,
        Behaviour.DISCONNECT,
        Behaviour.TAKE_THEN_DISCONNECT,
        Behaviour.TAKE_THEN_BAD_GATEWAY,
    ]
    with _sms_provider() as provider:
        _write(organisation, sends, "sms")
        told, passed = _told(provider), timedelta()
        while passed < timedelta(minutes=minutes):
            provider.script.next(*failures * sends)
            sending.drain(told, _ONLY_SMS, patience=_PATIENCE_SECONDS)
            provider.script.forget()
            let_pass(_LONGEST_OUTAGE_STEP)
            passed += _LONGEST_OUTAGE_STEP
        taken_while_down = len(provider.taken)
        while Message.objects.filter(status=MessageStatus.CREATED).exists():
            let_pass(timedelta(hours=1))
            sending.drain(told, _ONLY_SMS, patience=_PATIENCE_SECONDS)
        remark = f"{taken_while_down} were taken without a word while it was down"
        return _account(f"provider down {minutes} minutes", sends, provider, remark=remark)


def racing(organisation: Organisation, *, sends: int) -> Account:
    """Two workers at once, and every job twice, in two orders."""
    with _sms_provider() as provider:
        _write(organisation, sends, "sms")
        plan(list(Message.objects.order_by("-id")), now=timezone.now())
        workers = [sending.worker(_told(provider), *_ONLY_SMS, "--once") for _ in range(2)]
        for one in workers:
            if one.wait(_PATIENCE_SECONDS):
                raise AssertionError("a worker failed")
        return _account("two workers, every job twice", sends, provider)


_ONLY_SMS = ("--mails", "0", "--others", "0")


@contextmanager
def _sms_provider() -> Iterator[SmsProvider]:
    with tempfile.TemporaryDirectory() as folder, SmsProvider(Path(folder)) as provider:
        yield provider


def _told(provider: SmsProvider) -> dict[str, str]:
    return {"DEMO_SMS_PORT": provider.address.rpartition(":")[2]}


def _write(organisation: Organisation, count: int, channel: str) -> None:
    ProviderHealth.objects.all().delete()
    Message.objects.all().delete()
    ProcrastinateJob.objects.all()._raw_delete("default")
    organisation.usagers.all().delete()
    sending.write(organisation, count, channel, now=timezone.now())


def _account(scenario: str, written: int, provider: SmsProvider, *, remark: str = "") -> Account:
    return Account(
        scenario,
        written,
        Message.objects.filter(status=MessageStatus.SENT).count(),
        Counter(one.tag for one in provider.taken),
        len(provider.acknowledged),
        remark=remark,
    )


def _send_and_kill(taken: Callable[[], int], moments: Sequence[int], told: dict[str, str]) -> tuple[int, int]:
    """Have workers send, killing each once the provider has taken so many; how many died, and how many
    messages were left in doubt."""
    done = in_doubt = 0
    for moment in moments:
        process = sending.worker(told, "--once", "--others", "0")
        _wait_until(lambda at=moment: taken() >= at, lambda process=process: process.poll() is not None)
        process.send_signal(signal.SIGKILL)
        done += process.wait(_PATIENCE_SECONDS) == -signal.SIGKILL
        in_doubt += Message.objects.filter(status=MessageStatus.SENDING).count()
        recover()
    _finish(told)
    return done, in_doubt


def recover() -> None:
    """What the housekeeping of the living does in the minutes after a death."""
    for job in async_to_sync(app.job_manager.get_stalled_jobs)(seconds_since_heartbeat=0):
        with suppress(ConnectorException):  # it ended meanwhile: the server was still hearing the dead
            async_to_sync(app.job_manager.retry_job)(job)
    services.resume_stuck(now=timezone.now() + services.STUCK_AFTER + timedelta(minutes=1))


def _finish(told: dict[str, str]) -> None:
    """What was left at the last death, then what had to wait, while there is any."""
    for _ in range(10):
        recover()
        services.plan_forgotten(now=timezone.now() + timedelta(hours=2))
        sending.drain(told, ("--others", "0"), patience=_PATIENCE_SECONDS)
        if not Message.objects.waiting().exists():
            return
        let_pass(timedelta(hours=1))


def _wait_until(reached: Callable[[], bool], is_over: Callable[[], bool]) -> None:
    limit = time.monotonic() + _PATIENCE_SECONDS
    while not reached() and not is_over() and time.monotonic() < limit:
        time.sleep(0.01)


class _Watched:
    """A worker that is started again when it gives up, as whatever watches processes in production does."""

    def __init__(self, told: dict[str, str]) -> None:
        self.told, self.process = told, sending.worker(told)

    def keep_alive(self) -> bool:
        """Start it again if it ended; never over."""
        if self.process.poll() is not None:
            self.process = sending.worker(self.told)
        return False

    def end(self) -> None:
        """Ask it to stop, then no longer ask."""
        self.process.terminate()
        try:
            self.process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _crash_postgresql() -> None:
    """Kill one process of the server: it drops everybody and comes back by crash recovery. A server that is
    elsewhere only drops everybody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), inet_server_addr() IS NULL")
        pid, is_here = cursor.fetchone()
        if not is_here:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return
    os.kill(pid, signal.SIGKILL)
    limit = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < limit:
        connection.close()
        try:
            connection.ensure_connection()
            Message.objects.exists()
        except (OperationalError, InterfaceError):
            time.sleep(0.05)
        else:
            return
    raise AssertionError("PostgreSQL did not come back")


def let_pass(time_passed: timedelta) -> None:
    """So much time passes for the queue, for messages that wait and for providers."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - %s", [time_passed])
        cursor.execute("UPDATE messaging_message SET not_before = not_before - %s", [time_passed])
        cursor.execute(
            "UPDATE messaging_providerhealth SET set_aside_until = set_aside_until - %s, "
            "resting_until = resting_until - %s",
            [time_passed, time_passed],
        )


def table(found: Sequence[Account]) -> str:
    """The accounts in columns."""
    rows = [("scenario", "written", "sent", "taken", "acknowledged", "distinct", "doubled", "lost", "")]
    rows += [
        (
            one.scenario,
            f"{one.written:,}",
            f"{one.sent:,}",
            f"{one.taken.total():,}",
            f"{one.acknowledged:,}",
            f"{len(one.taken):,}",
            str(one.doubled),
            str(one.lost),
            "ok" if not one.differences else f"{one.differences} DIFFERENCES",
        )
        for one in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines += [f"{one.scenario}: {one.remark}" for one in found if one.remark]
    return "\n".join(line.rstrip() for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Run everything on a database of its own and print the table; 1 on any difference."""
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415

    sends = int(arguments[0]) if arguments else SENDS
    connection.settings_dict["TEST"]["NAME"] = "message_faults"
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        found = accounts(sends=sends, kills=KILLS, restarts=RESTARTS)
    finally:
        teardown_databases(databases, verbosity=0)
    print(table(found))
    return 1 if any(one.differences for one in found) else 0
