from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.features.base import Feature
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY, MINUTES_TO_EVENT
from strategies.frames import live_frame
from strategies.opinions import RepeatMemory
from strategies.signals import Signals
from tests.unit.trading.engine.builders import TODAY, setup
from trading.research.sayings import Said, said_of

COLUMNS = 4
BARS = 6
OPENS_S = 1_800_000_000


@dataclass(frozen=True, slots=True)
class Jumps(Strategy):
    """Speaks where the close is above or below the open, with the close as its entry."""

    name: ClassVar[str] = "jumps"
    timeframe: ClassVar[Timeframe] = Timeframe.MINUTE
    repeat: ClassVar[Repeat] = Repeat(once_a_side_a_day=True, gap_minutes=0)
    valid_minutes: ClassVar[int] = 3
    max_positions: ClassVar[int] = 3

    stops: Mapping[str, float] = field(default_factory=dict)

    def features(self) -> dict[str, Feature]:
        return {}

    def signals(self, frame: Frame) -> Signals:
        side = np.sign(frame.close - frame.open).astype(np.int8)
        stop = frame.close - side * self.stops.get("away", 5.0)
        target = frame.close + side * 10.0
        return Signals(side, frame.close, stop, target, target, np.full(side.shape, 0.5))


class AsksForExpiries(Jumps):
    __slots__ = ()
    name: ClassVar[str] = "asks_for_expiries"
    context: ClassVar[tuple[str, ...]] = (DAYS_TO_EXPIRY,)


class AsksForEvents(Jumps):
    __slots__ = ()
    name: ClassVar[str] = "asks_for_events"
    context: ClassVar[tuple[str, ...]] = (MINUTES_TO_EVENT,)


def grid(moves: np.ndarray, before: int = 0) -> BarGrid:
    """Return bars that open at 100 and close `moves` from it, the first `before` on the day before.

    `moves`: shape `(BARS, COLUMNS)`.
    """
    opened = np.full(moves.shape, 100.0)
    close = opened + moves
    session = np.where(np.arange(BARS) < before, TODAY.toordinal() - 1, TODAY.toordinal())
    return BarGrid(
        timeframe=Timeframe.MINUTE,
        start=OPENS_S + 60 * np.arange(BARS),
        session=session,
        minute=np.arange(BARS),
        open=opened,
        high=np.maximum(opened, close),
        low=np.minimum(opened, close),
        close=close,
        volume=np.ones(moves.shape),
        oi=np.zeros(moves.shape),
        gap=np.zeros(moves.shape, dtype=np.bool_),
    )


def said(strategy: Strategy, bars: BarGrid, **overrides: Any) -> Said:
    return said_of(strategy, bars, {}, setup(**overrides))


def test_each_bar_tells_what_the_strategy_would_have_been_heard_to_say_of_it():
    chance = np.random.default_rng(3)
    bars = grid(chance.choice([-2.0, 0.0, 0.0, 3.0], (BARS, COLUMNS)))
    told = said(Jumps(), bars)
    memory = RepeatMemory(Jumps.repeat, COLUMNS)
    scanned = np.array([column.scanned for column in setup().universe.columns])

    for row in range(BARS):
        bar = bars.row(row)
        live = Jumps().signals(live_frame({}, bar, {}))
        heard = memory.allow(np.where(scanned, live.side, 0), bar.session, bar.start)
        sayings = told.sayings.at(bar.start + 60)
        if not heard.any():
            assert sayings is None
            continue
        spoken = np.flatnonzero(heard)
        assert sayings.side.tolist() == heard.tolist()
        for name in ("entry", "stop", "target1", "target2", "confidence"):
            assert getattr(sayings, name)[spoken].tolist() == getattr(live, name)[spoken].tolist()
    assert told.ends.tolist() == sorted(told.sayings.spans)
    assert len(told.ends) > 1


def test_what_is_said_before_the_first_day_is_not_heard():
    moves = np.zeros((BARS, COLUMNS))
    moves[1, 2] = moves[4, 2] = 1.0

    told = said(Jumps(), grid(moves, before=3))

    assert told.ends.tolist() == [OPENS_S + 60 * 5]
    assert told.columns.tolist() == [[False, False, True, False]]


@pytest.mark.parametrize("strategy", [AsksForExpiries(), AsksForEvents()])
def test_a_strategy_that_looks_beside_the_bars_is_asked_bar_by_bar(strategy):
    assert said(strategy, grid(np.ones((BARS, COLUMNS)))).sayings is None


def test_a_strategy_whose_answer_is_none_somewhere_is_asked_bar_by_bar():
    wild = replace(Jumps(), stops={"away": np.nan})

    told = said(wild, grid(np.ones((BARS, COLUMNS))))

    assert told.sayings is None
    assert len(told.ends) == 1
