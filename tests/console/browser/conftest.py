"""A real browser before a real web process, and a desk whose state the tests tell themselves.

A run of its own, `pytest -m browser tests/console/browser`: the browser's driver keeps an event
loop running that other tests can't stand. Left out with BROWSER=skip; without a browser it fails.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, connections
from django.test.utils import setup_databases, teardown_databases
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from backoffice.people import add_person
from backoffice.permissions import Role
from tests.console.browser.desk import Desk, Rows
from trading.services.seed import seed

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "a long sentence, known to tests"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_SECONDS = 40.0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests to their own run: they are chosen by `-m browser` only."""
    ours = [item for item in items if Path(item.path).parent == Path(__file__).parent]
    if "browser" in config.option.markexpr:
        for item in ours:
            if os.environ.get("BROWSER") == "skip":
                item.add_marker(pytest.mark.skip(reason="BROWSER=skip"))
        return
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


def _program() -> str:
    """Return the browser to drive."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no chromium: install it (apt-get install chromium), or set BROWSER=skip")
    return found


class WebProcess:
    """The web process under test, to be killed and started again at the same address."""

    def __init__(self, database: str) -> None:
        self.port = _free_port()
        self.url = f"http://localhost:{self.port}"
        self.database = database
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = ("-m", "uvicorn", "--lifespan", "off", "--log-level", "warning")
        self._process = subprocess.Popen(
            [sys.executable, *words, "--port", str(self.port), "aitrapp.asgi:application"],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": self.database,
                "DJANGO_SETTINGS_MODULE": "aitrapp.settings.test",
            },
        )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the web process doesn't answer")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/login/", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


@pytest.fixture(scope="session")
def rows(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Rows]:
    """Make a database for good, as the web process must see what is there; return a way to it."""
    with ThreadPoolExecutor(1) as beside, django_db_blocker.unblock():

        def do(work: Callable[[], Any]) -> Any:
            return beside.submit(work).result()

        made = do(lambda: setup_databases(verbosity=0, interactive=False))
        do(_fill)
        yield do
        do(lambda: teardown_databases(made, verbosity=0))
        do(connections.close_all)


def _fill() -> None:
    seed(by="tests")
    for role in Role:
        add_person(username=role.value, role=role, password=PASSWORD, by="tests")


@pytest.fixture(scope="session")
def web(rows: Rows) -> Iterator[WebProcess]:
    """Return the running web process."""
    name = rows(lambda: connection.settings_dict["NAME"])
    process = WebProcess(urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")))
    process.start()
    yield process
    process.kill()


@pytest.fixture
def desk(rows: Rows) -> Iterator[Desk]:
    """Return a running session whose state the test tells."""
    with Desk(rows) as told:
        yield told


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the browser."""
    with sync_playwright() as driver:
        program = driver.chromium.launch(executable_path=_program(), args=list(FLAGS))
        yield program
        program.close()


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Return a way to open a browser's window of its own, closed after the test."""
    opened: list[BrowserContext] = []

    def open_one(**options: object) -> BrowserContext:
        opened.append(browser.new_context(**options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def sign_in(contexts: Callable[..., BrowserContext]) -> Iterator[Callable[..., Page]]:
    """Return a way to sign in at an address; scripts must run without a complaint."""
    complaints: list[str] = []

    def look(url: str, name: str, password: str, **options: object) -> Page:
        page = contexts(**options).new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: _hear(complaints, line.type, line.text))
        page.goto(f"{url}/login/")
        page.fill("#id_username", name)
        page.fill("#id_password", password)
        page.press("#id_password", "Enter")
        page.wait_for_selector("body[data-sequence]")
        return page

    yield look
    assert complaints == []


@pytest.fixture
def open_desk(web: WebProcess, sign_in: Callable[..., Page]) -> Callable[..., Page]:
    """Return a way to sign in and look at the desk that the test tells."""

    def look(role: Role = Role.OPERATOR, **options: object) -> Page:
        return sign_in(web.url, role.value, PASSWORD, **options)

    return look


def _hear(complaints: list[str], kind: str, text: str) -> None:
    """Keep what the page's scripts or its policy complain of; lost connections are meant."""
    if kind == "error" and "Content Security Policy" in text:
        complaints.append(text)
