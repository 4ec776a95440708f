"""The engine's panel and scan for a session whose bars and features are known ahead.

What is known is `lookahead.py`; which moments the engine is shown is `skipping.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from marketdata.bars import BarRow, Ints
from marketdata.features.base import Feature
from marketdata.panel import Panel
from marketdata.timeframes import Timeframe
from strategies.base import Strategy
from strategies.frames import closed_at, live_frame
from strategies.opinions import Opinions, opinions
from strategies.opportunities import Stance
from trading.engine.core import Engine
from trading.engine.scan import Found, Scan, new_panel, nothing, timeframes
from trading.engine.settings import EngineSetup
from trading.research.lookahead import Lookahead

if TYPE_CHECKING:
    from marketdata.screen_kernels import Words

_NOTHING_SAID = Opinions((), ())


class PlannedPanel(Panel):
    """A panel whose bars are known ahead; ticks only bring prices up to date."""

    __slots__ = ("_ahead",)

    def __init__(self, setup: EngineSetup, ahead: Lookahead) -> None:
        self._ahead = ahead
        super().__init__(
            tokens=setup.universe.tokens,
            timeframes=timeframes(setup),
            opens_at_s=int(setup.opens_at.timestamp()),
            session=setup.day.toordinal(),
            volume_from=None,
            previous_close=np.array(setup.previous_close, dtype=np.float64),
        )

    def close_bars(self, now_s: int) -> tuple[BarRow, ...]:
        """Return the bars that end exactly at `now_s`."""
        return self._ahead.bars_ending(now_s)

    def _fold(self, columns: Ints, ticks: Words) -> None:
        """Form no bars."""


class PlannedScan(Scan):
    """A scan whose features are known ahead."""

    def __init__(self, setup: EngineSetup, panel: Panel, ahead: Lookahead) -> None:
        super().__init__(setup, panel)
        self._ahead = ahead

    def take(self, rows: Sequence[BarRow]) -> None:
        """Take up the features as they are after the newest bars."""
        self._slow = None
        end_s = max((row.start + row.timeframe.seconds for row in rows), default=0)
        session = self._setup.day.toordinal()
        for timeframe in self._ahead.grids:
            found = self._ahead.latest(timeframe, end_s, session)
            if found is not None:
                self._latest[timeframe] = found

    def _opinions(self, strategy: Strategy, row: BarRow, at: datetime) -> Opinions:
        """Return what a strategy says of a bar out of what it says of all of them."""
        sayings = self._ahead.said_by.get(strategy.name)
        if sayings is None:
            return super()._opinions(strategy, row, at)
        said = sayings.at(row.start + row.timeframe.seconds)
        if said is None:
            return _NOTHING_SAID
        frame = live_frame(strategy.features(), row, self._latest[row.timeframe])
        closed = closed_at(row, at.tzinfo or UTC)
        return opinions(strategy, said, self._setup.universe, closed, frame)

    def look(
        self, at: datetime, rows: Sequence[BarRow], held: Callable[[], Sequence[Stance]] = nothing
    ) -> Found:
        """Return what the strategies say, without asking where it is known to be nothing."""
        end_s = int(at.timestamp())
        if not self._ahead.may_speak(end_s):
            return Found((), (), ())
        self._ranker.restore(self._ahead.observed(end_s))
        return super().look(at, rows, held)


class _Wants(Scan):
    """A scan that only tells which features it would keep."""

    @property
    def features(self) -> dict[Timeframe, tuple[Feature, ...]]:
        return {timeframe: board.features for timeframe, board in self._boards.items()}


def wanted_features(setup: EngineSetup) -> dict[Timeframe, tuple[Feature, ...]]:
    """Return the features the scan of a run keeps, by time-frame, shortest first."""
    return _Wants(setup, new_panel(setup)).features


def skipping_engine(setup: EngineSetup, ahead: Lookahead) -> Engine:
    """Return an engine that takes its bars and features from what is known ahead."""
    panel = PlannedPanel(setup, ahead)
    return Engine(setup, panel, PlannedScan(setup, panel, ahead))
