"""Fixtures of the row tests: a run with its instruments, and triggers that let a flush through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.factories import DAY, RunFactory
from tests.integration.trading.journal_day import FUTURE, INDEX
from trading.models import Run
from trading.services.instruments import sync

_GUARDED = ("trading_auditentry", "trading_configversion", "trading_modechange")


def _set_triggers(state: str) -> None:
    with connection.cursor() as cursor:
        for table in _GUARDED:
            cursor.execute(f"ALTER TABLE {table} {state} TRIGGER USER")


@pytest.fixture(autouse=True)
def _guards_lifted_for_the_flush(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lift the append-only triggers after a test whose rows are flushed; they refuse TRUNCATE."""
    if "transactional_db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    _set_triggers("ENABLE")
    yield
    _set_triggers("DISABLE")


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    """Return a replay of the day whose journal is to stand at its `journal_path`."""
    if "transactional_db" not in request.fixturenames:
        request.getfixturevalue("db")
    sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
    return RunFactory(journal_path=str(tmp_path / "run.journal"))
