"""A made day opened as a run, traded up to a moment and left by its engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.tape import TapeReader
from tests.made_day import made_day
from tests.own_valkey import OwnValkey
from trading.config import Config
from trading.engine.actions import Action
from trading.engine.core import Engine
from trading.engine.events import Event, MarketStep
from trading.models import LeaderLease, Run
from trading.paper_day import open_run
from trading.recorder import Recorder
from trading.services.seed import seed
from trading.worker import begin

_STEPS_HELD = 20


class LeftError(Exception):
    """The engine left in mid-day."""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("built"))


@pytest.fixture
def opened(built: BuiltDay, tmp_path: Path, transactional_db: None) -> Run:
    account = seed(by="tests").account
    return open_run(account, Config(), TapeReader(built.tape_path), "made", tmp_path)


@pytest.fixture
def left_holding(opened: Run) -> Run:
    """Return a run whose engine died while it held something; its lease has run out."""
    trading = begin(opened.code, tempo=None, show=lambda *_: None)
    trading.runner.answer = _leaving(trading.runner.engine)
    with pytest.raises(LeftError):
        asyncio.run(trading.live())
    trading.journal.write()
    trading.end(finished=None)
    LeaderLease.objects.filter(account=opened.account).update(expires_at=opened.started_at)
    run = Run.objects.select_related("account", "config_version").get(pk=opened.pk)
    Recorder(run).catch_up()
    return run


def _leaving(engine: Engine) -> Callable[[Event], tuple[Action, ...]]:
    """Answer as the engine does until it has held something for a while."""
    held = 0

    def ask(event: Event) -> tuple[Action, ...]:
        nonlocal held
        if isinstance(event, MarketStep) and any(t.open_quantity for t in engine.ledger.alive()):
            held += 1
        if held > _STEPS_HELD:
            raise LeftError
        return engine.handle(event)

    return ask


@pytest.fixture
def valkey(tmp_path: Path, settings) -> Iterator[OwnValkey]:
    """Return a Valkey that the services use, with nobody's sign of life in it."""
    server = OwnValkey(tmp_path)
    server.start()
    settings.REDIS_URL = server.url
    yield server
    server.close()
