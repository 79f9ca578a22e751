"""A real Chromium on a real server: `new_page(width, javascript)` and `assert_accessible(page)`.

Every page opened here fails its test when the server answers with an error of its own, when a script of the
page throws, or when the content security policy refuses something.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Response,
    Route,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

NewPage = Callable[..., Page]
Check = Callable[[Page], None]
Result = TypeVar("Result")

_LOOKS = 5
_HEIGHTS = {320: 640, 1280: 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, else the one that Playwright installed.

    Playwright keeps an event loop in this thread, in which Django would refuse every query of the tests. It
    is closed with the module, since the tests of the worker need a thread without one.
    """
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"], headless=True
        )
        yield chromium
        chromium.close()


@pytest.fixture
def scriptless() -> set[Page]:
    """The pages of the test opened without JavaScript."""
    return set()


@pytest.fixture
def new_page(browser: Browser, live_server: LiveServer, scriptless: set[Page]) -> Iterator[NewPage]:
    """A page of its own, as `new_page(width=320, javascript=False)`; addresses may begin with a slash."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_page(width: int = 1280, javascript: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": _HEIGHTS.get(width, 800)},
            java_script_enabled=javascript,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        if not javascript:
            scriptless.add(page)
        page.on("response", lambda response: troubles.extend(_server_error(response)))
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda message: troubles.extend(_refusal(message)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    _wait_until_the_server_rests()
    _let_a_late_request_give_way()
    assert troubles == []


def _let_a_late_request_give_way() -> None:
    """Between two queries a request looks at rest, then takes locks that what empties the database waits for.

    PostgreSQL ends the first of the two that looks for a deadlock: this connection never does, and nobody
    reads the answer of the request any more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '10min'")


def _wait_until_the_server_rests() -> None:
    """Pages that refresh themselves leave requests behind, which hold what empties the database."""
    give_up = monotonic() + 15
    while monotonic() < give_up:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), pg_sleep(CASE WHEN count(*) > 0 THEN 0.05 ELSE 0 END) "
                "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend' AND xact_start IS NOT NULL"
            )
            if cursor.fetchone()[0] == 0:
                return
    raise AssertionError("a request never ended")


def _server_error(response: Response) -> list[str]:
    return [f"{response.status} {response.url}"] if response.status >= 500 else []


def _refusal(message: ConsoleMessage) -> list[str]:
    return [message.text] if "Content Security Policy" in message.text else []


@pytest.fixture(scope="module")
def examiner(browser: Browser) -> Iterator[Page]:
    """A page with scripts in which axe examines the HTML of pages without; one, so that styles load once."""
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def assert_accessible(examiner: Page, scriptless: set[Page]) -> Check:
    """Run axe on what `page` shows now. It needs scripts: without them, a copy of the HTML is examined."""

    def check(page: Page) -> None:
        page.wait_for_load_state("load")
        if page not in scriptless:
            _assert_no_violation(page)
            return
        html = _once_it_is_there(page.content)
        assert page.viewport_size is not None
        examiner.set_viewport_size(page.viewport_size)
        examiner.route(page.url, lambda route: _answer(route, html))
        examiner.goto(page.url)
        _assert_no_violation(examiner)
        examiner.unroute_all()

    return check


def _once_it_is_there(look: Callable[[], Result]) -> Result:
    """What `look` sees: a page without scripts that loads itself again is looked at once it has."""
    for _ in range(_LOOKS - 1):
        with suppress(Error):
            return look()
    return look()


def _answer(route: Route, html: str) -> None:
    route.fulfill(body=html, content_type="text/html; charset=utf-8")


def _assert_no_violation(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


@pytest.fixture
def assert_fits() -> Check:
    """Nothing of the page is wider than the screen, once all of it has arrived."""

    def check(page: Page) -> None:
        page.wait_for_load_state("load")
        wide = _once_it_is_there(lambda: page.evaluate("document.scrollingElement.scrollWidth"))
        assert page.viewport_size is not None
        assert wide <= page.viewport_size["width"], f"{page.url}: {wide} px"

    return check
