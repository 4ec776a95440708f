"""People of every role, their ways in, and a paper day to ask about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from backoffice import api_keys, tokens
from backoffice.people import add_person
from backoffice.permissions import Action, Role
from tests.factories import DAY, RunFactory
from tests.integration.trading.journal_day import FUTURE, INDEX, whole_day, written
from trading.models import Run
from trading.recorder import Recorder
from trading.services.instruments import sync

PASSWORD = "a long sentence, known to tests"
Person = Callable[[Role], User]


@pytest.fixture(autouse=True)
def _no_counts_from_before() -> Iterator[None]:
    """Forget how often anybody has asked."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def a_minute_later() -> Callable[[], None]:
    """Return a way to forget how often anybody has asked, as a minute's wait would."""
    return cache.clear


@pytest.fixture
def person(db: None) -> Person:
    """Return a way to get the person of a role, made at first use."""
    known: dict[Role, User] = {}

    def of(role: Role) -> User:
        if role not in known:
            known[role] = add_person(username=role.value, role=role, password=PASSWORD, by="t")
        return known[role]

    return of


@pytest.fixture
def client_of(person: Person) -> Callable[[Role], APIClient]:
    """Return a way to get a client that holds an access token of a role."""

    def of(role: Role) -> APIClient:
        pair = tokens.log_in(user=person(role), address="127.0.0.1", at=timezone.now())
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")
        return client

    return of


@pytest.fixture
def key_of(person: Person) -> Callable[..., APIClient]:
    """Return a way to get a client that holds a key of a person with some scopes."""

    def of(role: Role, *scopes: Action) -> APIClient:
        wish = api_keys.KeyWish("a program", scopes, days=30)
        new = api_keys.issue(owner=person(role), wish=wish, by="t", at=timezone.now())
        client = APIClient()
        client.credentials(HTTP_X_API_KEY=new.text)
        return client

    return of


@pytest.fixture
def viewer(client_of: Callable[[Role], APIClient]) -> APIClient:
    return client_of(Role.VIEWER)


@pytest.fixture
def operator(client_of: Callable[[Role], APIClient]) -> APIClient:
    return client_of(Role.OPERATOR)


@pytest.fixture
def admin(client_of: Callable[[Role], APIClient]) -> APIClient:
    return client_of(Role.ADMIN)


@pytest.fixture
def session(db: None) -> Run:
    """Return a paper session that is running, with nothing recorded yet."""
    return RunFactory(mode="PAPER")


@pytest.fixture
def day(db: None, tmp_path: Path) -> Run:
    """Return a running paper session with two recorded round trips and two refused opinions."""
    sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
    run = RunFactory(mode="PAPER", journal_path=str(tmp_path / "day.journal"))
    written(Path(run.journal_path), whole_day(trades=2))
    Recorder(run).catch_up()
    return run
