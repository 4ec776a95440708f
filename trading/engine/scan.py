"""From bars that have just closed to ranked opportunities, and what exits need to know of bars.

Whether and how much of an opportunity is traded is decided by the gate; see `entries.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from marketdata.bars import BarGrid, BarRow, Floats
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.board import FeatureBoard
from marketdata.features.vwap import SessionVWAP
from marketdata.panel import Panel
from marketdata.timeframes import Timeframe
from strategies.base import Strategy
from strategies.frames import closed_at, live_frame
from strategies.opinions import Opinions, RepeatMemory, opinions
from strategies.opportunities import Candidate, Opportunity
from strategies.ranking import Ranker
from strategies.ranking_features import TIMEFRAME as RANKING_TIMEFRAME
from strategies.ranking_features import Conditions
from strategies.ranking_features import features as ranking_features
from strategies.signals import Signal
from strategies.structures import NotPossible, Structure, as_contract
from trading.engine.guard import Ranges
from trading.engine.proposals import costs_of, quote_of
from trading.engine.settings import EngineSetup
from trading.engine.trades import Trade

EXIT_ATR = ATR(14)
"""The range that exits trail by, on the strategy's own time-frame."""
SLOW_ATR = ATR(28)
"""The smoother range that the volatility exit compares with its value at the entry."""
_VWAP = SessionVWAP(1.0)


def timeframes(setup: EngineSetup) -> tuple[Timeframe, ...]:
    """Return the lengths of bars a run needs, shortest first."""
    wanted = {strategy.timeframe for strategy in setup.strategies} | {RANKING_TIMEFRAME}
    return tuple(sorted(wanted | {Timeframe.MINUTE}, key=lambda timeframe: timeframe.seconds))


def new_panel(setup: EngineSetup) -> Panel:
    """Return the empty panel of a run."""
    columns = setup.universe.columns
    return Panel(
        tokens=setup.universe.tokens,
        timeframes=timeframes(setup),
        opens_at_s=int(setup.opens_at.timestamp()),
        session=setup.day.toordinal(),
        volume_from=np.array([column.volume_from for column in columns], dtype=np.int64),
        previous_close=np.array(setup.previous_close, dtype=np.float64),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan came to: ranked opportunities, opinions nothing can be traded for, and faults."""

    opportunities: tuple[Opportunity, ...]
    fallen: tuple[tuple[Signal, str], ...]
    rejected: tuple[str, ...]


class Scan:
    """Keeps features up to date and asks the strategies when their bars close."""

    def __init__(self, setup: EngineSetup, panel: Panel) -> None:
        self._setup = setup
        self._panel = panel
        self._columns = setup.universe.columns
        size = len(self._columns)
        self._ranker = Ranker(setup.ranking, size)
        self._memories = {s.name: RepeatMemory(s.repeat, size) for s in setup.strategies}
        self._boards = {
            timeframe: FeatureBoard(self._features_on(timeframe), size)
            for timeframe in timeframes(setup)
        }
        self._timeframe_of = {s.name: s.timeframe for s in setup.strategies}
        self._latest: dict[Timeframe, Mapping[Feature, Mapping[str, Floats]]] = {}
        self._trades_as = np.array(
            [c.index if c.trade_as is None else c.trade_as for c in self._columns]
        )
        self._unknown = np.full(size, np.nan)

    def _features_on(self, timeframe: Timeframe) -> list[Feature]:
        wanted: list[Feature] = [EXIT_ATR, SLOW_ATR]
        for strategy in self._setup.strategies:
            if strategy.timeframe is timeframe:
                wanted.extend(strategy.features().values())
        if timeframe is RANKING_TIMEFRAME:
            wanted.extend(ranking_features().values())
            wanted.append(_VWAP)
        return wanted

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
        for row in rows:
            self._latest[row.timeframe] = self._boards[row.timeframe].step(row)
            if row.timeframe is RANKING_TIMEFRAME:
                frame = live_frame(ranking_features(), row, self._latest[row.timeframe])
                self._ranker.observe(frame, self._conditions())

    def _conditions(self) -> Conditions:
        at, panel = self._trades_as, self._panel
        return Conditions(
            bid=panel.bid[at],
            ask=panel.ask[at],
            bid_quantity=panel.bid_quantity[at].astype(np.float64),
            ask_quantity=panel.ask_quantity[at].astype(np.float64),
            iv_percentile=self._unknown,
            oi_change=self._unknown,
        )

    def ranges(self, trade: Trade) -> Ranges:
        """Return how far the opinion's instrument moves on its strategy's bars."""
        return self.ranges_of(trade.strategy, trade.opinion_column)

    def ranges_of(self, strategy: str, column: int) -> Ranges:
        """Return how far a column moves on a strategy's bars; NaN until warm."""
        latest = self._latest.get(self._timeframe_of[strategy])
        if latest is None:
            return Ranges(float("nan"), float("nan"))
        return Ranges(
            float(latest[EXIT_ATR]["atr"][column]), float(latest[SLOW_ATR]["atr"][column])
        )

    def look(self, at: datetime, rows: Sequence[BarRow]) -> Found:
        """Return what the strategies say of the bars that have just closed."""
        candidates: list[Candidate] = []
        fallen: list[tuple[Signal, str]] = []
        rejected: list[str] = []
        for row in rows:
            for strategy in self._setup.strategies:
                if strategy.timeframe is not row.timeframe:
                    continue
                said = self._opinions(strategy, row, at)
                for signal in said.signals:
                    candidate = self._candidate(signal, at)
                    if isinstance(candidate, Candidate):
                        candidates.append(candidate)
                    else:
                        fallen.append((signal, candidate.reason))
                rejected += [
                    f"{strategy.name} on {item.column.instrument.symbol}: {item.reason}"
                    for item in said.rejected
                ]
        return Found(self._ranker.rank(candidates), tuple(fallen), tuple(rejected))

    def _opinions(self, strategy: Strategy, row: BarRow, at: datetime) -> Opinions:
        frame = live_frame(strategy.features(), row, self._latest[row.timeframe])
        said = strategy.signals(frame)
        if not said.side.any():
            return Opinions((), ())
        allowed = self._memories[strategy.name].allow(said.side, row.session, row.start)
        closed = closed_at(row, at.tzinfo or UTC)
        return opinions(strategy, replace(said, side=allowed), self._setup.universe, closed, frame)

    def _candidate(self, signal: Signal, at: datetime) -> Candidate | NotPossible:
        own = self._columns[self._setup.universe.column_of(signal.instrument.key)]
        if own.trade_as is None:
            return NotPossible(f"{signal.instrument.symbol} has nothing to be traded as")
        traded = self._columns[own.trade_as]
        quote = quote_of(self._panel, traded.index)
        structure = as_contract(signal, traded.instrument, quote_of(self._panel, own.index), quote)
        if isinstance(structure, NotPossible):
            return structure
        lot = traded.instrument.lot_size
        return Candidate(
            signal=signal,
            structure=structure,
            column=own.index,
            spread_fraction=quote.spread_fraction,
            depth_in_lots=min(quote.bid_quantity, quote.ask_quantity) / lot,
            costs_to_reward=self._costs(structure) / structure.reward,
            event=any(start <= at < end for start, end in self._setup.event_windows),
            distance_from_vwap=self._from_vwap(own.index, signal.entry),
        )

    def _costs(self, structure: Structure) -> float:
        """Return the charges of one lot's round trip in rupees a unit."""
        lot = structure.legs[0].instrument.lot_size
        charged = self._setup.execution.with_charges
        return (
            float(costs_of(structure, self._setup.day, with_charges=charged).round_trip(lot)) / lot
        )

    def _from_vwap(self, column: int, price: float) -> float:
        latest = self._latest.get(RANKING_TIMEFRAME)
        if latest is None:
            return 0.0
        vwap = float(latest[_VWAP]["vwap"][column])
        return abs(price / vwap - 1.0) if vwap > 0 else 0.0
