"""No personal data in logs: read on the handler that Django's own configuration installed."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from pytest_django.fixtures import Settings

from rdv_insertion.kernel.logs import ForeignRecords, logging_settings

NAME, PHONE, CODE = "Marina Foïs", "0612345678", "ABCDEFGH"


@login_not_required
def crash(request: HttpRequest, code: str) -> HttpResponse:
    """A page that fails with what it knows of a person in its exception."""
    raise ValueError(f"{NAME} {PHONE} {code}")


urlpatterns = [path("r/<str:code>", crash, name="crash"), path("", include("config.urls"))]
handler500 = "rdv_insertion.web.errors.server_error"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the real handler writes during the test."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
        and any(isinstance(one, ForeignRecords) for one in handler.filters)
    ]
    assert len(handlers) == 1, "Django's logging configuration installs one handler"
    captured = io.StringIO()
    before = handlers[0].setStream(captured)
    yield captured
    handlers[0].setStream(before)


def _assert_nothing_personal(text: str) -> None:
    for secret in (NAME, "Foïs", PHONE, CODE):
        assert secret not in text


def test_an_exception_leaves_its_type_and_its_place_but_not_its_message(written: io.StringIO) -> None:
    try:
        raise ValueError(f"{NAME} {PHONE}")
    except ValueError:
        structlog.get_logger("rdv_insertion.test").exception("import_failed", row_id=12)
    text = written.getvalue()
    assert "import_failed" in text
    assert "ValueError" in text
    assert "test_logs.py" in text
    _assert_nothing_personal(text)


def test_an_exception_of_the_standard_library_leaves_no_message_either(written: io.StringIO) -> None:
    try:
        raise ValueError(f"{NAME} {PHONE}")
    except ValueError:
        logging.getLogger("rdv_insertion.test").exception("import_failed")
    assert "ValueError" in written.getvalue()
    _assert_nothing_personal(written.getvalue())


@pytest.mark.django_db
def test_a_page_that_crashes_leaves_neither_its_address_nor_what_it_knew(
    written: io.StringIO, settings: Settings
) -> None:
    settings.ROOT_URLCONF = __name__
    response = Client(raise_request_exception=False).get(f"/r/{CODE}?nom={NAME}")
    assert response.status_code == 500
    assert "crash" in written.getvalue()
    _assert_nothing_personal(written.getvalue())


@pytest.mark.django_db
def test_an_address_that_opens_nothing_is_not_written(written: io.StringIO, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    response = Client().get(f"/inconnu/{CODE}")
    assert response.status_code == 404
    assert "request" in written.getvalue()
    _assert_nothing_personal(written.getvalue())


@pytest.mark.parametrize(
    "library", ["django.request", "httpx", "urllib3.connectionpool", "procrastinate.worker", "mail.log"]
)
def test_the_arguments_of_other_libraries_are_cut(written: io.StringIO, library: str) -> None:
    logging.getLogger(library).error("sent to %s", f"{PHONE} {CODE}", extra={"status_code": 500})
    assert library in written.getvalue()
    _assert_nothing_personal(written.getvalue())


def test_production_writes_one_json_object_a_line() -> None:
    renderer = logging_settings(level="INFO", as_json=True)["formatters"]["structured"]["processors"][-1]
    assert (
        renderer(None, "info", {"event": "request", "status": 200}) == '{"event": "request", "status": 200}'
    )
