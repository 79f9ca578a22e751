"""Putting work in the queue, in the transaction that makes it necessary.

Inside a worker, procrastinate's own `app` writes jobs through a connection of the worker: the job would be
seen before what it is about, find nothing, and be gone. Here jobs are always written through Django's
connection, so that they appear with the rows of the transaction, or not at all.
"""

from datetime import timedelta

from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from procrastinate.types import JSONDict

_jobs_of_this_transaction = JobManager(DjangoConnector())


def defer(
    task: str,
    *arguments: JSONDict,
    queue: str,
    lock: str | None = None,
    wait: timedelta | None = None,
    priority: int = 0,
) -> None:
    """Have the worker run `task` once for each of `arguments`, after `wait` at the earliest.

    Jobs with the same `lock` never run at the same time. Those of a higher `priority` begin before the others
    of their queue.
    """
    if not arguments:
        return
    later = configure_task(
        name=task,
        job_manager=_jobs_of_this_transaction,
        queue=queue,
        lock=lock,
        priority=priority,
        schedule_in={"seconds": int(wait.total_seconds())} if wait else None,
    )
    later.batch_defer(*arguments)
