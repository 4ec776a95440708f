"""The bar strategies told whole and told short: skipping what cannot matter changes no decision."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.trading.research.made_bars import DAYS, made_folder
from trading.research.backtest import Request, Result, backtest
from trading.research.profiles import Profile, Wishes
from trading.research.report_files import trades_csv

EASY = {
    "vwap_reversion": ("min_deviation=0", "oversold=0", "max_adx=0", "stop_atr=0.5"),
    "breakout_retest": ("min_volume_ratio=0", "tolerance_atr=1", "confirmations=1"),
    "bollinger_reversion": ("oversold=0", "max_adx=0", "min_width=0", "stop_atr=0.5"),
}


def told(folder: Path, strategy: str, *, every_frame: bool) -> Result:
    settings = tuple(f"strategies.{strategy}.{each}" for each in EASY[strategy])
    wishes = Wishes(Profile.DEFAULT, (strategy,), Decimal(5_000_000), {}, settings)
    asked = Request(folder, None, DAYS[1], DAYS[-1], wishes)
    return backtest(replace(asked, every_frame=every_frame), lambda *said: None)


@pytest.mark.parametrize("strategy", list(EASY))
def test_a_day_told_short_comes_to_the_same_trades(strategy: str, tmp_path: Path):
    folder = made_folder(tmp_path, ("AAA", "BBB", "NIFTY"), seed=5, missing=0.05)

    short = told(folder, strategy, every_frame=False)
    whole = told(folder, strategy, every_frame=True)

    assert short.run.trades
    assert trades_csv(short.run.trades) == trades_csv(whole.run.trades)
    assert short.run.notes.decision_hash == whole.run.notes.decision_hash
    assert short.run.notes.seq < whole.run.notes.seq
