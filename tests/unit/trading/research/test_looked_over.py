"""Sessions looked over a few at a time come to what all at once come to, with less kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.board import run
from marketdata.features.ema import EMA
from marketdata.features.talib import TALib
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY
from strategies.signals import Signals
from tests.unit.trading.engine.builders import TODAY, setup
from trading.engine.settings import EngineSetup
from trading.research.looked_over import look_over
from trading.research.sayings import said_of

COLUMNS, SESSIONS, MINUTES = 4, 12, 30
FAST, RANGE = EMA(period=3), ATR(period=5)


@dataclass(frozen=True, slots=True)
class Crosses(Strategy):
    """Speaks where the close is far enough from its fast average."""

    name: ClassVar[str] = "crosses"
    timeframe: ClassVar[Timeframe] = Timeframe.MINUTE
    repeat: ClassVar[Repeat] = Repeat(once_a_side_a_day=False, gap_minutes=4)
    valid_minutes: ClassVar[int] = 3
    max_positions: ClassVar[int] = 3

    away: float = 0.3

    def features(self) -> dict[str, Feature]:
        return {"fast": FAST, "range": RANGE}

    def signals(self, frame: Frame) -> Signals:
        off = frame.close - frame["fast"]["ema"]
        side = np.where(np.abs(off) > self.away, np.sign(off), 0).astype(np.int8)
        far = np.nan_to_num(frame["range"]["atr"], nan=1.0) + 1.0
        target = frame.close + side * far
        return Signals(
            side, frame.close, frame.close - side * far, target, target, np.full(side.shape, 0.5)
        )


class OfTALib(Crosses):
    __slots__ = ()
    name: ClassVar[str] = "of_talib"

    def features(self) -> dict[str, Feature]:
        return {"fast": FAST, "range": RANGE, "other": TALib("WMA", 60, (("timeperiod", 5),))}


class AsksForExpiries(Crosses):
    __slots__ = ()
    name: ClassVar[str] = "asks_for_expiries"
    context: ClassVar[tuple[str, ...]] = (DAYS_TO_EXPIRY,)


class Unsound(Crosses):
    """Gives a stop that is no number now and then."""

    __slots__ = ()
    name: ClassVar[str] = "unsound"

    def signals(self, frame: Frame) -> Signals:
        said = Crosses.signals(self, frame)
        said.stop[np.broadcast_to(frame.minute % 3 == 0, said.stop.shape)] = np.nan
        return said


def market(seed: int) -> BarGrid:
    """Return random walks of `SESSIONS` days up to today's, with gaps."""
    chance, rows = np.random.default_rng(seed), SESSIONS * MINUTES
    close = 100.0 + np.cumsum(chance.normal(0.0, 0.7, (rows, COLUMNS)), axis=0)
    opened = close + chance.normal(0.0, 0.3, close.shape)
    minute = np.tile(np.arange(MINUTES), SESSIONS)
    day = np.repeat(np.arange(SESSIONS), MINUTES)
    return BarGrid(
        timeframe=Timeframe.MINUTE,
        start=1_800_000_000 + 86_400 * day + 60 * minute,
        session=TODAY.toordinal() - SESSIONS + 1 + day,
        minute=minute,
        open=opened,
        high=np.maximum(opened, close) + 0.1,
        low=np.minimum(opened, close) - 0.1,
        close=close,
        volume=np.ones(close.shape),
        oi=np.zeros(close.shape),
        gap=chance.random(close.shape) < 0.05,
    )


def begun() -> EngineSetup:
    """Return a set-up that trades from the fifth session on."""
    return replace(setup(), day=TODAY - timedelta(days=SESSIONS - 5))


@pytest.mark.parametrize("seed", range(4))
def test_it_comes_to_what_all_at_once_come_to(seed: int):
    bars, strategies = market(seed), [Crosses(), Crosses(away=0.8)]
    told = begun()

    found = look_over(strategies, [RANGE, FAST], (RANGE,), bars, told)

    whole = run([RANGE, FAST], bars)
    assert found.outputs[RANGE]["atr"].tobytes() == whole[RANGE]["atr"].tobytes()
    for strategy, said in zip(strategies, found.said, strict=True):
        expected = said_of(strategy, bars, whole, told)
        assert said.ends.tolist() == expected.ends.tolist()
        assert said.columns.tolist() == expected.columns.tolist()
        assert said.sayings.spans == expected.sayings.spans
        for name in ("column", "side", "values"):
            assert (
                getattr(said.sayings, name).tobytes() == getattr(expected.sayings, name).tobytes()
            )


def test_what_strategies_read_is_there_where_one_is_heard_and_nowhere_else():
    bars, strategies = market(5), [Crosses(), Crosses(away=0.8)]
    found = look_over(strategies, [RANGE, FAST], (RANGE,), bars, begun())
    whole = run([FAST], bars)[FAST]["ema"]
    heard = np.zeros(bars.close.shape, dtype=np.bool_)
    for said in found.said:
        heard[np.searchsorted(bars.start, said.ends - 60)] |= said.columns

    assert heard.any()
    assert FAST not in found.outputs
    for row in range(len(bars)):
        if heard[row].any():
            expected = np.where(heard[row], whole[row], np.nan)
            assert found.passing.at(row)[FAST]["ema"].tobytes() == expected.tobytes()
        else:
            with pytest.raises(KeyError):
                found.passing.at(row)


@pytest.mark.parametrize("strategy", [OfTALib(), AsksForExpiries(), Unsound()])
def test_of_a_strategy_that_is_asked_bar_by_bar_everything_is_kept(strategy: Strategy):
    bars = market(6)
    features = [RANGE, *strategy.features().values()]

    found = look_over([strategy], features, (RANGE,), bars, begun())

    assert found.passing is None
    assert set(found.outputs) == set(features)
    assert (found.said[0].sayings is None) == (not isinstance(strategy, OfTALib))


def test_where_nobody_is_heard_nothing_is_kept_in_passing():
    found = look_over([Crosses(away=1e9)], [RANGE, FAST], (RANGE,), market(7), begun())

    assert found.passing.spans == {}
    assert found.passing.places == {FAST: {"ema": 0}}
    assert len(found.said[0].ends) == 0
