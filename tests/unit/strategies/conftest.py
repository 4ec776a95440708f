"""Markets made by hand or by dice, and the two ways of looking at them: live and in batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zlib import crc32

import numpy as np
import pytest

from marketdata.bars import BarGrid, BarRow
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Reading, Strategy
from strategies.frames import batch_frame, live_frame
from strategies.signals import Signals

MONDAY_OPEN = int(datetime(2026, 11, 23, 3, 45, tzinfo=UTC).timestamp())
DAY = 86_400


def _random_grid(
    seed: int, timeframe: Timeframe, sessions: int, bars: int, columns: int
) -> BarGrid:
    dice = np.random.default_rng(seed)
    total = sessions * bars
    steps = dice.normal(0.0, 0.0012, (total, columns))
    steps[::bars] += dice.normal(0.0, 0.006, (sessions, columns))
    steps += np.repeat(dice.normal(0.0, 0.0003, (sessions, columns)), bars, axis=0)
    close = np.round(1000.0 * np.exp(np.cumsum(steps, axis=0)), 2)
    opened = np.vstack((close[:1], close[:-1]))
    reach = np.round(np.abs(dice.normal(0.0, 0.6, (2, total, columns))), 2)
    minute = np.tile(np.arange(bars) * timeframe.seconds // 60, sessions)
    session = np.repeat(np.arange(sessions) + 739_000, bars)
    gap = dice.random((total, columns)) < 0.01
    flat = np.where(gap, opened, close)
    return BarGrid(
        timeframe=timeframe,
        start=MONDAY_OPEN + (session - 739_000) * DAY + minute * 60,
        session=session,
        minute=minute,
        open=opened,
        high=np.where(gap, opened, np.maximum(opened, close) + reach[0]),
        low=np.where(gap, opened, np.minimum(opened, close) - reach[1]),
        close=flat,
        volume=np.where(gap, 0.0, np.round(dice.gamma(2.0, 40_000.0, (total, columns)))),
        oi=np.zeros((total, columns)),
        gap=gap,
    )


def _batch(strategy: Strategy, grid: BarGrid) -> Signals:
    features = strategy.features()
    outputs = {
        feature: dict(zip(feature.outputs, feature.run(grid), strict=True))
        for feature in features.values()
    }
    return strategy.signals(batch_frame(features, grid, outputs))


class Watch:
    """One strategy watching bars one after the other, as it does live."""

    def __init__(self, strategy: Strategy, columns: int) -> None:
        self._strategy = strategy
        self._features = strategy.features()
        self._states = {each: each.new_state(columns) for each in self._features.values()}

    def see(self, bar: BarRow) -> Signals:
        outputs = {
            feature: dict(zip(feature.outputs, feature.step(state, bar), strict=True))
            for feature, state in self._states.items()
        }
        return self._strategy.signals(live_frame(self._features, bar, outputs))


def _future_changed(grid: BarGrid, after: int) -> BarGrid:
    """Return the market with everything behind row `after` moved and shaken."""
    changes = {}
    for name in ("open", "high", "low", "close", "volume"):
        values = getattr(grid, name).copy()
        values[after + 1 :] = values[after + 1 :][::-1] * 1.03
        changes[name] = values
    return replace(grid, **changes)


def _frame(columns: int = 1, minute: int = 30, **features: dict[str, object]) -> Frame:
    """Return a live frame; `bar` gives prices, `context` readings beside the bars by name.

    Every other keyword gives one feature's outputs.
    """

    def array(value: object) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (columns,)).copy()

    bar = {"open": 100.0, "high": 100.0, "low": 100.0, "close": 100.0, "volume": 0.0}
    bar.update(features.pop("bar", {}))  # type: ignore[arg-type]
    beside = features.pop("context", {})
    return Frame(
        **{name: array(value) for name, value in bar.items()},
        minute=np.array(minute, dtype=np.int64),
        features={
            name: Reading({key: array(value) for key, value in outputs.items()})
            for name, outputs in features.items()
        },
        context={name: array(value) for name, value in beside.items()},
    )


def _instrument(symbol: str, kind: Kind = Kind.EQUITY, name: str = "", lot: int = 1) -> Instrument:
    exchange = Exchange.NFO if kind in (Kind.FUTURE, Kind.CALL, Kind.PUT) else Exchange.NSE
    return Instrument(
        token=crc32(symbol.encode()),
        exchange=exchange,
        symbol=symbol,
        name=name or symbol,
        kind=kind,
        lot_size=lot,
        tick_size=Decimal("0.05"),
    )


@pytest.fixture
def random_grid() -> Callable[[int, Timeframe, int, int, int], BarGrid]:
    """Give a maker of random markets: seed, time-frame, sessions, bars a session, columns."""
    return _random_grid


@pytest.fixture
def batch() -> Callable[[Strategy, BarGrid], Signals]:
    """Give a function that lets a strategy look at a whole history at once."""
    return _batch


@pytest.fixture
def watch() -> type[Watch]:
    """Give the class that lets a strategy see one bar after the other."""
    return Watch


@pytest.fixture
def future_changed() -> Callable[[BarGrid, int], BarGrid]:
    """Give a function that changes everything after a row."""
    return _future_changed


@pytest.fixture
def frame() -> Callable[..., Frame]:
    """Give a maker of live frames from plain numbers."""
    return _frame


@pytest.fixture
def instrument() -> Callable[..., Instrument]:
    """Give a maker of instruments: symbol, kind, name, lot size."""
    return _instrument
