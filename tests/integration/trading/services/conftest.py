"""Fixtures of the services' tests: a desk that may go LIVE, with a kitesim for its broker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.trading.proven_desk import (
    LOOKS,
    NOW,
    ProvenDesk,
    forget_signs,
    proven_desk,
    wish,
)
from tests.integration.trading.served_kite import ServedKite, log_in, served_kite
from trading.models import BrokerSession
from trading.services import mode


@pytest.fixture(scope="module")
def kite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedKite]:
    with served_kite(tmp_path_factory.mktemp("kitesim")) as served:
        yield served


@pytest.fixture
def desk(db: None, settings, tmp_path: Path, kite: ServedKite) -> Iterator[ProvenDesk]:
    row = log_in(kite, settings)
    BrokerSession.objects.update(
        logged_in_at=NOW - timedelta(minutes=30), expires_at=NOW + timedelta(hours=21)
    )
    yield proven_desk(settings, tmp_path, row.user_id)
    forget_signs()


@pytest.fixture
def live_desk(desk: ProvenDesk, settings) -> ProvenDesk:
    settings.KITE_CLIENTS = [BrokerSession.objects.get().user_id, "AB1234"]
    mode.ask(wish(desk), LOOKS, NOW)
    return desk
