"""A strict suite: what a page forgets, what a clock does not say and what a list does not order are failures.

Naive datetimes and unordered pagination are warnings of Django, and warnings are errors (pyproject.toml).
"""

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import hypothesis
import pytest
import time_machine
from django.db import connection, connections
from django.template import engines
from django.template.base import FilterExpression, Node
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel.catalogs import compile_catalogs
from rdv_insertion.territory.models import Department, Organisation
from tests.factories import (
    AgentFactory,
    CategoryConfigurationFactory,
    DepartmentFactory,
    MotifCategoryFactory,
    OrganisationFactory,
)

_ROOT = Path(__file__).resolve().parent.parent
_OURS = tuple(str(_ROOT / folder) for folder in ("rdv_insertion", "demo", "tests"))

hypothesis.settings.register_profile(
    "rdv_insertion",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("rdv_insertion")


class _Undefined(str):
    """Stands for a variable that the context does not have: an error in our templates, blank in others'."""

    def __bool__(self) -> bool:
        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        if caller and caller.f_code.co_name == "resolve":
            expression = caller.f_locals.get("self")
            origin = _template_of(caller)
            if isinstance(expression, FilterExpression) and origin.startswith(_OURS):
                raise AssertionError(f"undefined variable “{expression.token}” in {origin}")
        return False


def _template_of(frame: FrameType | None) -> str:
    """The file of the innermost template that is being rendered."""
    while frame:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None):
            return str(node.origin.name)
        frame = frame.f_back
    return ""


def pytest_configure() -> None:
    """Tests read the translations as they stand now, however they are started."""
    compile_catalogs()


@pytest.fixture(autouse=True, scope="session")
def undefined_template_variables_are_errors() -> None:
    """Applies to every template of the product, messages included."""
    engines["django"].engine.string_if_invalid = _Undefined()


@pytest.fixture(autouse=True, scope="session")
def nobody_holds_the_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database is dropped at the end: threads of servers and workers must not keep it open."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def the_connection_lives(django_db_blocker: Any) -> None:
    """Some tests cut connections as a restart does, and servers die late: the next test has a new one."""
    with django_db_blocker.unblock():
        if connection.connection is not None and not connection.is_usable():
            connection.close()


_OUTSIDE_THE_MODELS = (
    "procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers, "
    "kernel_cache"
)


@pytest.fixture(autouse=True)
def nothing_committed_remains(
    the_connection_lives: None, _django_db_helper: None, request: pytest.FixtureRequest
) -> Iterator[None]:
    """A test that commits is followed by a flush of the models: the queue and the cache are emptied here."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {_OUTSIDE_THE_MODELS} CASCADE")


@pytest.fixture
def department(db: None) -> Department:
    """The Drôme."""
    return DepartmentFactory()


@pytest.fixture
def organisation(department: Department) -> Organisation:
    """The organisation of the personas: a conseil départemental."""
    return OrganisationFactory(
        department=department, name="Conseil départemental de la Drôme", slug="cd-drome"
    )


@pytest.fixture
def category(db: None) -> MotifCategory:
    """RSA orientation."""
    return MotifCategoryFactory()


@pytest.fixture
def configuration(organisation: Organisation, category: MotifCategory) -> CategoryConfiguration:
    """How the organisation of the personas runs RSA orientation."""
    return CategoryConfigurationFactory(organisation=organisation, motif_category=category)


@pytest.fixture
def agent(organisation: Organisation) -> Agent:
    """Works in the organisation, without particular rights."""
    return AgentFactory(
        organisation=organisation, first_name="Alice", last_name="Agent", email="alice@drome.test"
    )


@pytest.fixture
def admin(organisation: Organisation) -> Agent:
    """Administers the organisation."""
    return AgentFactory(
        organisation=organisation, admin=True, first_name="Bob", last_name="Admin", email="bob@drome.test"
    )


@pytest.fixture
def colleague_elsewhere(department: Department) -> Agent:
    """Works in another organisation of the same department."""
    elsewhere = OrganisationFactory(
        department=department, delegataire=True, name="Délégataire de Die", slug="die"
    )
    return AgentFactory(
        organisation=elsewhere, first_name="Chloé", last_name="Collègue", email="chloe@drome.test"
    )


@pytest.fixture
def stranger(db: None) -> Agent:
    """Works in another department."""
    isere = OrganisationFactory(department=DepartmentFactory(isere=True), name="CD Isère", slug="cd-isere")
    return AgentFactory(organisation=isere, first_name="Denis", last_name="Distant", email="denis@isere.test")


@pytest.fixture
def agent_client(client: Client, agent: Agent) -> Client:
    """A browser in which `agent` is logged in."""
    client.force_login(agent)
    return client


RunJobs = Callable[..., int]


@pytest.fixture
def run_jobs(db: None) -> RunJobs:
    """Run the jobs that wait, in the test's own transaction: `run_jobs()`, `run_jobs("sms")`.

    The rows of the queue are read and each task is called as the worker would call it, until none is due at
    `until` (now). Jobs planned for later stay. `at` is what the clock says to them, when it is not now.
    Returns how many ran. Errors are raised.
    """

    def run(*queues: str, at: datetime | None = None, until: datetime | None = None) -> int:
        count = 0
        with time_machine.travel(at, tick=False) if at else nullcontext():
            while job := _next_job(queues, until or timezone.now()):
                app.tasks[job.task_name](**job.args)
                _finish(job)
                count += 1
        return count

    return run


def _next_job(queues: tuple[str, ...], at: datetime) -> ProcrastinateJob | None:
    waiting = ProcrastinateJob.objects.filter(status="todo").exclude(scheduled_at__gt=at)
    if queues:
        waiting = waiting.filter(queue_name__in=queues)
    return waiting.order_by("id").first()


def _finish(job: ProcrastinateJob) -> None:
    """The model is read-only: the queue's own states are written in SQL."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job.pk])
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [job.pk])


@pytest.fixture
def run_worker(transactional_db: None) -> Callable[..., None]:
    """Run a real procrastinate worker until the queue is empty, on what the test has committed."""

    def run(*queues: str) -> None:
        with app.replace_connector(app.connector.get_worker_connector()) as worker:
            worker.run_worker(
                queues=list(queues) or None,
                wait=False,
                listen_notify=False,
                install_signal_handlers=False,
            )

    return run


@pytest.fixture
def in_threads(transactional_db: None) -> Callable[..., list[Any]]:
    """Call functions at the same instant, each in a thread with a database connection of its own.

    Returns what each one returned, or the exception it raised, in order.
    """
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    def run(*calls: Callable[[], Any]) -> list[Any]:
        together = Barrier(len(calls))

        def one(call: Callable[[], Any]) -> Any:
            try:
                connection.ensure_connection()
                together.wait(timeout=60)
                return call()
            except Exception as error:  # noqa: BLE001 - what was raised is the result
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(max_workers=len(calls)) as pool:
            return list(pool.map(one, calls))

    return run
