"""What is not told by bars is heard alike by a backtest that skips and one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from marketdata.features.base import Feature
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import MINUTES_TO_EVENT
from strategies.levels import Reward, direction, entries
from strategies.registry import STRATEGIES
from strategies.signals import Signals
from tests.unit.trading.research.made_bars import made_day, write_bars
from trading.research.backtest import Request, Result, backtest
from trading.research.profiles import Profile, Wishes

DAYS = tuple(date(2025, 12, day) for day in (2, 3, 4, 5, 8))
"""The Reserve Bank speaks on the fourth of them, at 10:00."""
POLICY_DAY = DAYS[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place, symbol in enumerate(("AAA", "BBB")):
        days = [made_day(70 + 10 * place + n, day, 500.0) for n, day in enumerate(DAYS)]
        write_bars(tmp_path, symbol, pd.concat(days))
    return tmp_path


def both(folder: Path, *strategies: str) -> tuple[Result, Result]:
    wishes = Wishes(Profile.DEFAULT, strategies, Decimal(5_000_000), {}, ())
    asked = Request(folder, None, DAYS[1], DAYS[-1], wishes)
    short = backtest(asked, lambda *told: None)
    return short, backtest(replace(asked, every_frame=True), lambda *told: None)


def assert_equal(short: Result, whole: Result) -> None:
    assert short.run.notes.decision_hash == whole.run.notes.decision_hash
    assert short.run.notes.refusals == whole.run.notes.refusals
    assert np.array_equal(short.curve.equity, whole.curve.equity)


@dataclass(frozen=True, slots=True)
class BeforeEvents(Strategy):
    """Buy whatever is scanned in the half hour before an event blocks entries."""

    name: ClassVar[str] = "before_events"
    timeframe: ClassVar[Timeframe] = Timeframe.MINUTES_5
    context: ClassVar[tuple[str, ...]] = (MINUTES_TO_EVENT,)
    repeat: ClassVar[Repeat] = Repeat(once_a_side_a_day=True, gap_minutes=0)

    confidence: float = 0.9
    valid_minutes: int = 5
    max_positions: int = 2

    def features(self) -> dict[str, Feature]:
        return {}

    def signals(self, frame: Frame) -> Signals:
        near = frame.beside(MINUTES_TO_EVENT) <= 30.0
        side = direction(near, np.zeros_like(near))
        return entries(side, frame.close, 0.99 * frame.close, Reward(1.5, 3.0, self.confidence))


@pytest.fixture
def before_events() -> Iterator[str]:
    STRATEGIES[BeforeEvents.name] = BeforeEvents  # type: ignore[index]
    yield BeforeEvents.name
    del STRATEGIES[BeforeEvents.name]  # type: ignore[attr-defined]


def test_an_event_nearing_is_heard_although_no_bar_tells_it(folder: Path, before_events: str):
    short, whole = both(folder, before_events)

    assert_equal(short, whole)
    traded = {trade.signal_at.date() for trade in whole.run.trades}
    assert traded == {POLICY_DAY}


@pytest.mark.parametrize(
    "strategy", ["long_straddle", "iron_condor", "options_ranker", "expiry_strangle"]
)
def test_other_strategies_of_options_are_heard_alike(folder: Path, strategy: str):
    assert_equal(*both(folder, strategy))


def test_a_result_says_who_could_not_speak_on_bars_alone(folder: Path, before_events: str):
    """R-99: nothing traded because nothing was known is no result."""
    told = both(folder, "iron_condor", before_events, "opening_range")[0].warnings

    assert [text for text in told if "can't speak" in text] == [
        "iron_condor goes by options, of which bars tell nothing: it can't speak here"
    ]


def test_a_filter_by_options_leaves_a_strategy_of_bars_without_a_word(folder: Path):
    wishes = Wishes(
        Profile.DEFAULT,
        ("opening_range",),
        Decimal(5_000_000),
        {},
        ("strategies.opening_range.max_iv_rank=60",),
    )

    result = backtest(Request(folder, None, DAYS[1], DAYS[-1], wishes), lambda *told: None)

    assert result.run.notes.signals == 0
    assert result.warnings == (
        "opening_range goes by options, of which bars tell nothing: it can't speak here",
    )
