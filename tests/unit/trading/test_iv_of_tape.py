"""Volatility read from a day's tape near its end, and laid into the set-up of a run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.tape import TapeReader
from tests.unit.trading.engine.builders import setup
from trading.iv_before import with_iv_history
from trading.iv_of_tape import iv_of_tape
from trading.made_days import make_day

DAY = date(2026, 10, 7)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return make_day(3, DAY, tmp_path_factory.mktemp("made"), seconds_per_tick=60, options=True)


def test_every_underlying_with_options_has_its_volatility_and_its_expiries(built):
    found = {one.underlying: one for one in iv_of_tape(TapeReader(built.tape_path))}

    assert set(found) == {"NIFTY", "BANKNIFTY"}
    near, month = found["NIFTY"].points
    # Taken at 15:25: the expiries close at 15:40, six and twenty days on.
    assert near.years * 365 == pytest.approx(6 + 15 / 1440)
    assert month.years * 365 == pytest.approx(20 + 15 / 1440)
    assert found["NIFTY"].volatility == month.volatility
    assert found["BANKNIFTY"].is_known


def test_a_day_without_options_has_none(tmp_path: Path):
    plain = make_day(3, DAY, tmp_path, seconds_per_tick=60)

    assert iv_of_tape(TapeReader(plain.tape_path)) == ()


def test_a_run_starts_with_the_days_that_lie_beside_its_tape(built):
    found = with_iv_history(setup(), built.warmup_path)

    assert {name: len(days) for name, days in found.iv_history.items()} == {
        "BANKNIFTY": 60,
        "NIFTY": 60,
    }
    assert found.iv_history["NIFTY"][-1].day == date(2026, 10, 6)


def test_without_any_a_run_starts_as_it_is(tmp_path: Path):
    plain = setup()

    assert with_iv_history(plain, None) is plain
    assert with_iv_history(plain, tmp_path) is plain
