"""The morning's task with a broker at its side, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from execution.kitesim.faults import FaultKind, FaultRule
from marketdata.calendar import IST
from marketdata.live_universe import LiveUniverseSettings
from tests.integration.trading.served_kite import DAY, ServedKite, log_in, served_kite
from trading.kite_reading import KiteMorning, kite_access
from trading.models import BrokerSession, Instrument, Report
from trading.services.broker_login import NoSessionError
from trading.services.premarket import Sources, premarket_sync
from trading.services.task_runs import Occasion

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 6, 8, 30, tzinfo=IST)
WATCH = LiveUniverseSettings(
    stocks=5,
    least_traded_value=0.0,
    traded_sessions=4,
    needs_derivatives=False,
    chain_days=0,
)


@pytest.fixture
def kite(tmp_path: Path) -> Iterator[ServedKite]:
    with served_kite(tmp_path) as served:
        yield served


def occasion() -> Occasion:
    return Occasion(name="premarket_sync", due_at=AT, at=AT, run=None, safety=False)


def sources(kite: ServedKite) -> Sources:
    return Sources(
        dump=None,
        ban_list=None,
        broker=KiteMorning(timezone.now, kite.built.warmup_path),
        watch=WATCH,
    )


def test_the_broker_s_instruments_and_the_universe_are_in_place_before_the_open(kite, settings):
    log_in(kite, settings)

    result = premarket_sync(occasion(), sources(kite))

    assert "instruments: 24 listed, 24 new" in result.detail
    assert "universe: 9 instruments" in result.detail
    assert Instrument.objects.filter(day=DAY, source="kite", is_listed=True).count() == 24
    document = Report.objects.get(kind="UNIVERSE").document
    assert document["columns"][0] == {"instrument": "NSE:NIFTY 50", "why": "index"}
    assert document["left_out"]["rank by traded value, are taken"] == 15


def test_a_file_gone_wrong_keeps_the_last_good_list_and_says_that_it_is_stale(
    kite, settings, tmp_path
):
    log_in(kite, settings)
    premarket_sync(occasion(), sources(kite))
    Instrument.objects.update(day=DAY.replace(day=5))

    (tmp_path / "again").mkdir()
    fault = FaultRule(FaultKind.CSV_SHORT, subject="NFO")
    with served_kite(tmp_path / "again", fault) as worse:
        BrokerSession.objects.all().delete()
        log_in(worse, settings)
        result = premarket_sync(occasion(), sources(worse))

    assert result.outcome == "FAILED"
    assert "kept the list of 2026-10-05, which is stale" in result.detail
    assert not Instrument.objects.filter(day=DAY).exists()


def test_without_a_login_the_day_has_no_list_and_says_why(kite, settings):
    log_in(kite, settings).delete()

    result = premarket_sync(occasion(), sources(kite))

    assert result.outcome == "FAILED"
    assert "instruments: the broker session is NO_TOKEN" in result.detail
    with pytest.raises(NoSessionError):
        kite_access(timezone.now())
