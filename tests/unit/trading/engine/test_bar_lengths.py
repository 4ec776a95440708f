"""A strategy on bars of each length is asked when its bars close, with the features of those."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.features.base import Feature
from marketdata.features.ema import EMA
from marketdata.timeframes import Timeframe
from strategies.base import Frame
from strategies.signals import Signals
from tests.unit.trading.engine.builders import INDEX_COLUMN, Scripted, at
from tests.unit.trading.engine.desk import Desk

BARS = 8
TICKS_A_BAR = 5


@dataclass(frozen=True, slots=True)
class Listening(Scripted):
    """Says nothing and keeps what it was shown of the index."""

    name: ClassVar[str] = "listening"
    seen: list[tuple[float, float]] = field(default_factory=list)

    def features(self) -> dict[str, Feature]:
        return {"ema": EMA(3)}

    def signals(self, frame: Frame) -> Signals:
        shown = (float(frame.close[INDEX_COLUMN]), float(frame["ema"]["ema"][INDEX_COLUMN]))
        self.seen.append(shown)
        return Scripted.signals(self, frame)


def on(timeframe: Timeframe) -> Listening:
    """Return the strategy on bars of a length."""
    kind = type("On", (Listening,), {"timeframe": timeframe, "__slots__": ()})
    made: Listening = kind()
    return made


def before(closes: list[float], timeframe: Timeframe) -> BarGrid:
    """Return a history of flat bars of the day before, the same in all four columns."""
    rows = np.arange(len(closes))
    flat = np.repeat(np.array(closes)[:, None], 4, axis=1)
    return BarGrid(
        timeframe=timeframe,
        start=int(at(9, 15).timestamp()) - 86_400 + rows * timeframe.seconds,
        session=np.full(len(closes), at(9, 15).toordinal() - 1),
        minute=rows * timeframe.seconds // 60,
        open=flat,
        high=flat,
        low=flat,
        close=flat,
        volume=np.ones_like(flat),
        oi=np.zeros_like(flat),
        gap=np.zeros(flat.shape, dtype=np.bool_),
    )


def lived(desk: Desk, timeframe: Timeframe) -> list[float]:
    """Tell prices of some bars, five a bar; return the closes."""
    closes = []
    for bar in range(BARS):
        for place in range(TICKS_A_BAR):
            into = timedelta(seconds=timeframe.seconds * (bar + place / TICKS_A_BAR))
            desk.now = at(9, 15) + into
            price = 24_000.0 + (7 * bar + 3 * place) % 11
            desk.tick(INDEX_COLUMN, price)
        closes.append(price)
        desk.now = at(9, 15) + timedelta(seconds=timeframe.seconds * (bar + 1))
        desk.bar()
    return closes


def averages(closes: list[float], period: int) -> list[float]:
    """Return the exponential averages, begun with a plain one, NaN before it."""
    found = [float("nan")] * (period - 1) + [sum(closes[:period]) / period]
    for close in closes[period:]:
        found.append(found[-1] + (close - found[-1]) * 2.0 / (period + 1))
    return found


@pytest.mark.parametrize("timeframe", list(Timeframe), ids=lambda each: each.name)
def test_it_is_asked_at_each_close_with_the_features_of_its_bars(timeframe: Timeframe):
    strategy = on(timeframe)
    desk = Desk(strategies=(strategy,))

    closes = lived(desk, timeframe)

    assert [close for close, _ in strategy.seen] == closes
    told = [average for _, average in strategy.seen]
    np.testing.assert_allclose(told, averages(closes, 3), rtol=1e-12)


@pytest.mark.parametrize("timeframe", list(Timeframe), ids=lambda each: each.name)
def test_a_history_of_its_bars_warms_it_up(timeframe: Timeframe):
    strategy = on(timeframe)
    desk = Desk(strategies=(strategy,))
    history = [24_010.0, 24_020.0, 24_005.0, 24_030.0]
    desk.engine.warm({timeframe: before(history, timeframe)})

    closes = lived(desk, timeframe)

    told = [average for _, average in strategy.seen]
    np.testing.assert_allclose(told, averages([*history, *closes], 3)[4:], rtol=1e-12)
