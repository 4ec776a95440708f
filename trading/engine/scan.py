"""From bars that have just closed to ranked opportunities, and what exits need to know of bars.

Whether and how much of an opportunity is traded is decided by the gate; see `entries.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from marketdata.bars import BarGrid, BarRow, Floats
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.board import FeatureBoard
from marketdata.features.vwap import SessionVWAP
from marketdata.options.chain import chains_of
from marketdata.panel import Panel
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Strategy
from strategies.context import IV_PERCENTILE
from strategies.frames import NO_CONTEXT, closed_at, live_frame
from strategies.opinions import Opinions, RepeatMemory, opinions
from strategies.opportunities import Candidate, Opportunity, Stance
from strategies.ranking import Ranker
from strategies.ranking_features import OI_CHANGE, Conditions
from strategies.ranking_features import TIMEFRAME as RANKING_TIMEFRAME
from strategies.ranking_features import features as ranking_features
from strategies.signals import Signal, Signals
from strategies.structures import OPTIONS
from trading.engine.candidates import candidate_of
from trading.engine.context import Readings
from trading.engine.guard import Ranges
from trading.engine.quarantine import (
    FAULTS,
    Quarantine,
    Stopwatch,
    StrategyFault,
    check_answer,
    told,
)
from trading.engine.settings import EngineSetup
from trading.engine.structure_market import PanelMarket
from trading.engine.trades import Trade
from trading.engine.turnover import with_turnover

EXIT_ATR = ATR(14)
"""The range that exits trail by, on the strategy's own time-frame."""
SLOW_ATR = ATR(28)
"""The smoother range that the volatility exit compares with its value at the entry."""
_VWAP = SessionVWAP(1.0)


def lasting_features(timeframe: Timeframe) -> tuple[Feature, ...]:
    """Return the features that are read whether a strategy speaks or not."""
    ranges = (EXIT_ATR, SLOW_ATR)
    if timeframe is not RANKING_TIMEFRAME:
        return ranges
    return (*ranges, *ranking_features().values(), _VWAP, OI_CHANGE)


def nothing() -> tuple[Stance, ...]:
    """Return that nothing is held."""
    return ()


def timeframes(setup: EngineSetup) -> tuple[Timeframe, ...]:
    """Return the lengths of bars a run needs, shortest first."""
    wanted = {strategy.timeframe for strategy in setup.strategies} | {RANKING_TIMEFRAME}
    return tuple(sorted(wanted | {Timeframe.MINUTE}, key=lambda timeframe: timeframe.seconds))


def new_panel(setup: EngineSetup) -> Panel:
    """Return the empty panel of a run."""
    return panel_on(timeframes(setup), setup)


def panel_on(lengths: Sequence[Timeframe], setup: EngineSetup) -> Panel:
    """Return an empty panel of a run's columns that forms bars of some lengths."""
    columns = setup.universe.columns
    panel = Panel(
        tokens=setup.universe.tokens,
        timeframes=lengths,
        opens_at_s=int(setup.opens_at.timestamp()),
        session=setup.day.toordinal(),
        volume_from=np.array([column.volume_from for column in columns], dtype=np.int64),
        previous_close=np.array(setup.previous_close, dtype=np.float64),
    )
    if setup.closes:
        panel.end_at(np.array([int(close.timestamp()) for close in setup.closes], np.int64))
    return panel


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan came to: ranked opportunities, opinions nothing can be traded for, and faults.

    `rejected`: opinions that could not be one; `faults`: strategies that have to be put aside, and
    why; nothing of what they said in this cycle is in the rest.
    """

    opportunities: tuple[Opportunity, ...]
    fallen: tuple[tuple[Signal, str], ...]
    rejected: tuple[str, ...]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one strategy came to on one bar."""

    strategy: str
    candidates: list[Candidate]
    fallen: list[tuple[Signal, str]]
    rejected: list[str]


class Scan:
    """Keeps features up to date and asks the strategies when their bars close.

    `quarantine`: the strategies that are not asked; the engine changes it. `stopwatch`: who
    measures how long each takes, None where nobody does.
    """

    def __init__(self, setup: EngineSetup, panel: Panel) -> None:
        self._setup = setup
        self._panel = panel
        self._columns = setup.universe.columns
        size = setup.universe.studied
        self._ranker = Ranker(setup.ranking, size)
        self._memories = {s.name: RepeatMemory(s.repeat, size) for s in setup.strategies}
        self._features = {s.name: s.features() for s in setup.strategies}
        self._boards = {
            timeframe: FeatureBoard(self._features_on(timeframe), size)
            for timeframe in timeframes(setup)
        }
        self._timeframe_of = {s.name: s.timeframe for s in setup.strategies}
        self._latest: dict[Timeframe, Mapping[Feature, Mapping[str, Floats]]] = {}
        self._slow: Floats | None = None
        self._trades_as = np.array(
            [c.index if c.trade_as is None else c.trade_as for c in self._columns[:size]]
        )
        self._chains = chains_of(setup.universe, setup.day)
        self._readings = Readings(setup, panel, self._chains)
        self._told: tuple[datetime | None, dict[str, Floats]] = (None, {})
        self._scanned = np.array([column.scanned for column in self._columns[:size]])
        self.quarantine = Quarantine()
        self.stopwatch: Stopwatch | None = None

    def _features_on(self, timeframe: Timeframe) -> list[Feature]:
        lasting, told = lasting_features(timeframe), self._setup.strategies
        of = [self._features[s.name].values() for s in told if s.timeframe is timeframe]
        return [*lasting[:2], *(each for some in of for each in some), *lasting[2:]]

    def warm(self, history: Mapping[Timeframe, BarGrid]) -> None:
        """Take the sessions before into the features; opinions on them are not formed."""
        for timeframe, board in self._boards.items():
            if timeframe in history:
                board.warm(history[timeframe])

    def carry(self, before: Scan) -> None:
        """Go on with the features and the ranking of the session before, same columns and bars."""
        self._boards, self._ranker = before._boards, before._ranker

    def take(self, rows: Sequence[BarRow]) -> None:
        """Bring the features of each closed bar's time-frame up to date, in order."""
        self._slow = None
        for row in rows:
            self._latest[row.timeframe] = self._boards[row.timeframe].step(row)
            if row.timeframe is RANKING_TIMEFRAME:
                frame = live_frame(ranking_features(), row, self._latest[row.timeframe])
                self._ranker.observe(frame, self._conditions(closed_at(row, UTC)))

    def _conditions(self, moment: datetime) -> Conditions:
        at, panel = self._trades_as, self._panel
        return Conditions(
            bid=panel.bid[at],
            ask=panel.ask[at],
            bid_quantity=panel.bid_quantity[at].astype(np.float64),
            ask_quantity=panel.ask_quantity[at].astype(np.float64),
            iv_percentile=self._readings.at(moment, (IV_PERCENTILE,))[IV_PERCENTILE],
            oi_change=self._latest[RANKING_TIMEFRAME][OI_CHANGE]["today"][at],
        )

    def ranges(self, trade: Trade) -> Ranges:
        """Return how far the opinion's instrument moves on its strategy's bars.

        An option moves by another measure: its trail keeps a part of its premium, or stands still.
        """
        ranges = self.ranges_of(trade.strategy, trade.opinion_column)
        is_option = trade.instrument.kind in OPTIONS
        return Ranges(float("nan"), ranges.slow) if is_option else ranges

    def ranges_of(self, strategy: str, column: int) -> Ranges:
        """Return how far a column moves on a strategy's bars; NaN until warm."""
        latest = self._latest.get(self._timeframe_of[strategy])
        if latest is None:
            return Ranges(float("nan"), float("nan"))
        return Ranges(
            float(latest[EXIT_ATR]["atr"][column]), float(latest[SLOW_ATR]["atr"][column])
        )

    def slow_ranges(self) -> Floats:
        """Return the smoothed ranges of all columns on every length of bars, NaN until warm.

        Where that of a plan stands among them is told by `slow_place`.
        """
        if self._slow is None:
            known = (self._latest.get(timeframe) for timeframe in self._boards)
            unknown = np.full(len(self._scanned), np.nan)
            parts = [unknown if each is None else each[SLOW_ATR]["atr"] for each in known]
            self._slow = np.concatenate(parts)
        return self._slow

    def slow_place(self, trade: Trade) -> int:
        """Return where the smoothed range that concerns a plan stands in `slow_ranges`."""
        before = list(self._boards).index(self._timeframe_of[trade.strategy])
        return before * len(self._scanned) + trade.opinion_column

    def correlation(self, one: int, other: int) -> float:
        """Return how two studied columns moved together of late, -1 to 1; NaN where not known."""
        return self._ranker.correlation(one, other)

    def look(
        self, at: datetime, rows: Sequence[BarRow], held: Callable[[], Sequence[Stance]] = nothing
    ) -> Found:
        """Return what the strategies that are not put aside say of the bars that have closed.

        `held`: tells what money stands behind already; asked only where there is a candidate.
        """
        heard: list[_Heard] = []
        faults: dict[str, str] = {}
        market = PanelMarket(
            self._setup.universe, self._panel, self._chains, at, self._readings.why_unknown
        )
        for row in rows:
            for strategy in self._setup.strategies:
                name = strategy.name
                is_out = name in faults or self.quarantine.holds(name)
                if is_out or strategy.timeframe is not row.timeframe:
                    continue
                try:
                    heard.append(self._heard(strategy, row, market))
                except StrategyFault as fault:
                    faults[name] = str(fault)
        sound = [each for each in heard if each.strategy not in faults]
        candidates = [one for each in sound for one in each.candidates]
        return Found(
            opportunities=self._ranker.rank(candidates, held() if candidates else ()),
            fallen=tuple(one for each in sound for one in each.fallen),
            rejected=tuple(text for each in sound for text in each.rejected),
            faults=tuple(faults.items()),
        )

    def _heard(self, strategy: Strategy, row: BarRow, market: PanelMarket) -> _Heard:
        """Return what one strategy says of one bar. Raises `StrategyFault`."""
        heard = _Heard(strategy.name, [], [], [])
        said = self._opinions(strategy, row, market.at)
        if not (said.signals or said.rejected):
            return heard
        vwaps = self._vwaps()
        for signal in said.signals:
            place = self._setup.universe.column_of(signal.instrument.key)
            away = _from_vwap(vwaps, place, signal.entry)
            candidate = candidate_of(self._setup, strategy, signal, market, away)
            if isinstance(candidate, Candidate):
                heard.candidates.append(with_turnover(candidate, self._setup.universe, self._panel))
            else:
                heard.fallen.append((signal, candidate.reason))
        heard.rejected.extend(
            f"{strategy.name} on {item.column.instrument.symbol}: {item.reason}"
            for item in said.rejected
        )
        return heard

    def _opinions(self, strategy: Strategy, row: BarRow, at: datetime) -> Opinions:
        said, frame = self._asked(strategy, row)
        if not said.side.any():
            return Opinions((), ())
        allowed = self._memories[strategy.name].allow(said.side, row.session, row.start)
        closed = closed_at(row, at.tzinfo or UTC)
        return opinions(strategy, replace(said, side=allowed), self._setup.universe, closed, frame)

    def _asked(self, strategy: Strategy, row: BarRow) -> tuple[Signals, Frame]:
        """Return a strategy's answer, checked, and what it looked at. Raises `StrategyFault`."""
        if self.stopwatch is not None:
            self.stopwatch.begun(strategy.name)
        try:
            features, outputs = self._features[strategy.name], self._latest[row.timeframe]
            frame = live_frame(features, row, outputs, self._beside(strategy, row))
            said: object = strategy.signals(frame)
        except FAULTS as error:
            raise StrategyFault(told(error)) from error
        if self.stopwatch is not None:
            self.stopwatch.ended(strategy.name)
        return check_answer(said, len(row.close), self._scanned), frame

    def _beside(self, strategy: Strategy, row: BarRow) -> Mapping[str, Floats]:
        """Return what a strategy wants to know besides the bars, worked out once for all."""
        if not strategy.context:
            return NO_CONTEXT
        closed = closed_at(row, UTC)
        at, known = self._told
        if at != closed:
            known = {}
            self._told = (closed, known)
        if lacking := [name for name in strategy.context if name not in known]:
            known.update(self._readings.at(closed, lacking))
        return {name: known[name] for name in strategy.context}

    def _vwaps(self) -> Floats:
        """Return what each column traded at on average today, NaN where it isn't known."""
        latest = self._latest.get(RANKING_TIMEFRAME)
        return np.full(len(self._scanned), np.nan) if latest is None else latest[_VWAP]["vwap"]


def _from_vwap(vwaps: Floats, column: int, price: float) -> float:
    vwap = vwaps.item(column)
    return abs(price / vwap - 1.0) if vwap > 0 else 0.0
