"""A finished made day with its journal and tape, its run's row, and a Valkey of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import AccountFactory, ConfigVersionFactory, RunFactory
from tests.own_valkey import OwnValkey
from tests.ran_day import RUN, RanDay, ran_day
from trading.config import document_of
from trading.models import Run
from trading.services.canonical import canonical
from trading.services.instruments import sync


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> RanDay:
    return ran_day(tmp_path_factory.mktemp("ran-day"))


@pytest.fixture
def made_run(day: RanDay, tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    """Return the run's row; its journal is a copy that a test may let grow from nothing."""
    if "transactional_db" not in request.fixturenames:
        request.getfixturevalue("db")
    head = day.tape.head
    sync(instruments=head.instruments, on=head.date, source="tests")
    return RunFactory(
        account=AccountFactory(code="paper"),
        config_version=ConfigVersionFactory(document=canonical(document_of(day.config))),
        code=RUN,
        mode="PAPER",
        date=head.date,
        tape_path=str(day.tape.path),
        journal_path=str(tmp_path / "copy.journal"),
    )


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    server = OwnValkey(tmp_path)
    server.start()
    yield server
    server.close()
