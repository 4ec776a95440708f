"""What a backtest knows before it trades: all indicators, and the bars on which something is said.

Nothing later than a bar ever reaches that bar: every value is the one the live step would give.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from marketdata.bars import BarGrid, BarRow, Flags, Floats, Ints
from marketdata.features.base import Feature
from marketdata.features.board import Outputs
from marketdata.timeframes import Timeframe
from strategies.frames import batch_frame
from strategies.ranking import RankerState
from strategies.ranking_features import (
    MEASURED,
    OI_CHANGE,
    SIDES,
    Conditions,
    Raw,
    grades_of,
    raw_of,
)
from strategies.ranking_features import TIMEFRAME as RANKING_TIMEFRAME
from strategies.ranking_features import features as ranking_features
from strategies.ranking_history import HistoryView
from strategies.ranking_settings import RankingSettings
from strategies.ranking_together import ClosesState
from strategies.structures import OPTIONS
from trading.engine.scan import lasting_features
from trading.engine.settings import EngineSetup
from trading.research.bar_days import TradingDay
from trading.research.bar_market import Market
from trading.research.bar_ticks import DayTicks
from trading.research.looked_over import LookedOver, Passing, look_over
from trading.research.sayings import Sayings

_MINUTE = timedelta(minutes=1)
_REST = timedelta(seconds=59, milliseconds=999)
_UNKNOWN = {"bid": np.nan, "ask": np.nan, "bid_quantity": 0.0, "ask_quantity": 0.0}
"""What each part of a quote is before the first one."""


class _Row(Mapping[Feature, Mapping[str, Floats]]):
    """One bar's features, each taken out of those of all bars when it is asked for."""

    __slots__ = ("_known", "_outputs", "_passing", "_row")

    def __init__(self, outputs: Outputs, passing: Passing | None, row: int) -> None:
        self._outputs = outputs
        self._passing = passing
        self._row = row
        self._known: dict[Feature, Mapping[str, Floats]] = {}

    def __getitem__(self, feature: Feature) -> Mapping[str, Floats]:
        found = self._known.get(feature)
        if found is None:
            named = self._outputs.get(feature)
            if named is not None:
                found = {name: values[self._row] for name, values in named.items()}
                self._known[feature] = found
            elif self._passing is not None and feature in self._passing.places:
                self._known.update(self._passing.at(self._row))
                found = self._known[feature]
            else:
                raise KeyError(feature)
        return found

    def __contains__(self, feature: object) -> bool:
        return feature in self._outputs or feature in self._in_passing()

    def __iter__(self) -> Iterator[Feature]:
        return iter((*self._outputs, *self._in_passing()))

    def __len__(self) -> int:
        return len(self._outputs) + len(self._in_passing())

    def _in_passing(self) -> Collection[Feature]:
        return () if self._passing is None else self._passing.places


@dataclass(frozen=True, slots=True)
class Stop:
    """A frame behind something that can change the state.

    `columns`: in which something may be ordered; `asked`: whose prices are looked at to decide,
    rising. `is_stage`: a stage of the day has come, else a strategy may only have spoken.
    """

    columns: Ints
    asked: Sequence[int]
    is_stage: bool


@dataclass(frozen=True, slots=True)
class Lookahead:
    """All sessions as grids with their features, by time-frame.

    `outputs`: of every bar; `passing`: what only strategies read, where one of them is heard.
    `starts`: epoch seconds of the starts of the bars, rising, by time-frame.
    `said_at`: epoch seconds of the ends of the bars on which a strategy may speak, rising;
    `said_in`: of which columns it may, a row each. `said_by`: what each strategy says of them.
    `raw`: what the ranking sees of each bar of its time-frame, shape `(T, N)` or `(N,)`, and
    `grades` what that is worth, `(4, 2, T, N)`; of a session's bars both are known once it has
    been seen. `observed_from`: the first bar a run observes.
    """

    grids: Mapping[Timeframe, BarGrid]
    outputs: Mapping[Timeframe, Outputs]
    passing: Mapping[Timeframe, Passing | None]
    starts: Mapping[Timeframe, Sequence[int]]
    said_at: Sequence[int]
    said_in: Flags
    said_by: Mapping[str, Sayings]
    raw: Raw
    grades: Floats
    observed_from: int
    ranking: RankingSettings

    @classmethod
    def of(
        cls, setup: EngineSetup, market: Market, features: Mapping[Timeframe, Sequence[Feature]]
    ) -> Lookahead:
        """Look over a market for a run that begins with the session of `setup`.

        `features`: those the scan keeps, by time-frame.
        """
        grids = market.grids(tuple(features))
        over = {t: _looked_over(setup, grid, features[t]) for t, grid in grids.items()}
        outputs = {timeframe: each.outputs for timeframe, each in over.items()}
        first = setup.day.toordinal()
        heard = {timeframe: iter(each.said) for timeframe, each in over.items()}
        said = [next(heard[strategy.timeframe]) for strategy in setup.strategies]
        said_at, said_in = _joined([(each.ends, each.columns) for each in said])
        ranked = grids[RANKING_TIMEFRAME]
        frame = batch_frame(ranking_features(), ranked, outputs[RANKING_TIMEFRAME])
        oi_change = outputs[RANKING_TIMEFRAME][OI_CHANGE]["today"]
        raw = raw_of(frame, _conditions(setup, market, ranked, oi_change))
        return cls(
            grids=grids,
            outputs=outputs,
            passing={timeframe: each.passing for timeframe, each in over.items()},
            starts={timeframe: grid.start.tolist() for timeframe, grid in grids.items()},
            said_at=said_at.tolist(),
            said_in=said_in,
            said_by={
                strategy.name: each.sayings
                for strategy, each in zip(setup.strategies, said, strict=True)
                if each.sayings is not None
            },
            raw=raw,
            grades=np.full((len(MEASURED), len(SIDES), *ranked.close.shape), np.nan),
            observed_from=int(np.searchsorted(ranked.session, first)),
            ranking=setup.ranking,
        )

    def see(self, day: TradingDay, told: DayTicks, setup: EngineSetup) -> None:
        """Take a session's quotes into what the ranking sees, before it is traded.

        Sessions whose contracts have no quotes are seen as well.
        """
        grid = self.grids[RANKING_TIMEFRAME]
        session = day.date.toordinal()
        rows = slice(*np.searchsorted(grid.session, [session, session + 1]).tolist())
        if self.raw["bid"].ndim == 2:
            ends = grid.minute[rows] + grid.timeframe.seconds // 60
            for name, values in _quotes_at(told, ends, _traded(setup)).items():
                self.raw[name][rows] = values
        of_day = {name: v[rows] if v.ndim == 2 else v for name, v in self.raw.items()}
        self.grades[:, :, rows] = grades_of(of_day)

    def row(self, timeframe: Timeframe, end_s: int) -> int:
        """Return the row of the newest bar that has ended by `end_s`, -1 where there is none."""
        return bisect_right(self.starts[timeframe], end_s - timeframe.seconds) - 1

    def bars_ending(self, end_s: int) -> tuple[BarRow, ...]:
        """Return the bars that end exactly at `end_s`, the shortest first."""
        found = []
        for timeframe, grid in self.grids.items():
            row = self.row(timeframe, end_s)
            if row >= 0 and self.starts[timeframe][row] + timeframe.seconds == end_s:
                found.append(grid.row(row))
        return tuple(found)

    def latest(
        self, timeframe: Timeframe, end_s: int, session: int
    ) -> Mapping[Feature, Mapping[str, Floats]] | None:
        """Return the features after the newest bar of a session, None before its first bar."""
        row = self.row(timeframe, end_s)
        if row < 0 or int(self.grids[timeframe].session[row]) != session:
            return None
        return _Row(self.outputs[timeframe], self.passing[timeframe], row)

    def may_speak(self, end_s: int) -> bool:
        """Say whether a strategy says something on a bar that ends at `end_s`."""
        place = bisect_left(self.said_at, end_s)
        return place < len(self.said_at) and self.said_at[place] == end_s

    def observed(self, end_s: int) -> RankerState:
        """Return the ranking's memory as it is at `end_s`."""
        newest = self.row(RANKING_TIMEFRAME, end_s)
        seen = max(newest + 1 - self.observed_from, 0)
        grid, first = (
            self.grids[RANKING_TIMEFRAME],
            max(seen - 1 - self.ranking.correlation_bars, 0),
        )
        bars = slice(self.observed_from + first, self.observed_from + seen)
        return RankerState(
            history=HistoryView(
                self.grades[:, :, self.observed_from : self.observed_from + seen],
                self.ranking.window,
            ),
            closes=ClosesState(grid.close[bars], grid.minute[bars]),
            raw={name: v[newest] if v.ndim == 2 else v for name, v in self.raw.items()}
            if seen
            else {},
        )

    def candidate_ends(self, day: TradingDay) -> tuple[datetime, ...]:
        """Return when the bars of a day end on which a strategy may speak, in order."""
        opens, closes = int(day.opens_at.timestamp()), int(day.closes_at.timestamp())
        inside = self.said_at[
            bisect_right(self.said_at, opens) : bisect_right(self.said_at, closes)
        ]
        return tuple(day.opens_at + timedelta(seconds=end - opens) for end in inside)

    def stops(self, day: TradingDay, setup: EngineSetup) -> dict[int, Stop]:
        """Return the frames that follow on something that can change the state, in order.

        Frame 2 m begins minute m, 2 m + 1 ends it: those behind a candidate's bar or a stage,
        with the columns in which something may have been ordered then.
        """
        opens, columns = int(day.opens_at.timestamp()), setup.universe.columns
        traded, everything = _traded(setup), range(len(columns))
        sees_all = any(column.instrument.kind in OPTIONS for column in columns)
        found = {}
        for end in self.candidate_ends(day):
            end_s = int(end.timestamp())
            speaks = np.flatnonzero(self.said_in[bisect_left(self.said_at, end_s)]).tolist()
            concerned = {traded[column] for column in speaks}
            asked = everything if sees_all else sorted(concerned.union(speaks))
            frame = _frame_after(timedelta(seconds=end_s - opens))
            found[frame] = Stop(np.array(sorted(concerned)), asked, is_stage=False)
        for stage in setup.stages:
            if stage is not None:
                for moment in (stage.square_off_at, stage.flat_by):
                    frame = _frame_after(moment - day.opens_at)
                    found[frame] = Stop(np.array(everything), everything, is_stage=True)
        return dict(sorted(found.items()))


def _looked_over(setup: EngineSetup, grid: BarGrid, features: Sequence[Feature]) -> LookedOver:
    """Return what the bars of one length come to; the strategies keep the set-up's order."""
    strategies = [one for one in setup.strategies if one.timeframe is grid.timeframe]
    return look_over(strategies, features, lasting_features(grid.timeframe), grid, setup)


def _frame_after(span: timedelta) -> int:
    minute, rest = divmod(span, _MINUTE)
    return 2 * minute + (0 if not rest else 1 if rest <= _REST else 2)


def _joined(parts: Sequence[tuple[Ints, Flags]]) -> tuple[Ints, Flags]:
    """Return the ends of all parts once each, rising, with the columns of all that share one."""
    ends = np.concatenate([part for part, _ in parts])
    once, place = np.unique(ends, return_inverse=True)
    columns = np.zeros((len(once), parts[0][1].shape[1]), dtype=np.bool_)
    np.logical_or.at(columns, place, np.concatenate([flags for _, flags in parts]))
    return once, columns


def _conditions(setup: EngineSetup, market: Market, grid: BarGrid, oi_change: Floats) -> Conditions:
    """Return what the traded contracts had open at each bar's end; quotes follow by session.

    `oi_change`: by column, as its feature tells it, shape `(T, N)`.
    """
    traded = _traded(setup)
    shape = (len(grid), len(traded)) if market.quoted else (len(traded),)
    return Conditions(
        bid=np.full(shape, np.nan),
        ask=np.full(shape, np.nan),
        bid_quantity=np.zeros(shape),
        ask_quantity=np.zeros(shape),
        iv_percentile=np.full(len(traded), np.nan),
        oi_change=oi_change[:, traded],
    )


def _traded(setup: EngineSetup) -> list[int]:
    """Return the column in which each column is traded."""
    return [c.index if c.trade_as is None else c.trade_as for c in setup.universe.columns]


def _quotes_at(told: DayTicks, ends: Ints, traded: Sequence[int]) -> dict[str, Floats]:
    """Return the newest quotes at the ends of some minutes, shape `(len(ends), N)`.

    `ends`: how many minutes of the session have passed; `traded`: whose quotes each column has.
    Where none has been told yet prices are NaN, quantities 0.
    """
    there = told.rest_there | told.open_there
    minute = np.arange(len(there))[:, np.newaxis]
    newest = np.maximum.accumulate(np.where(there, minute, -1), axis=0)[ends - 1][:, traded]
    place = np.maximum(newest, 0), np.broadcast_to(traded, newest.shape)
    is_rest = told.rest_there[place]
    found = {}
    for name, unknown in _UNKNOWN.items():
        values = np.where(is_rest, told.rest[name][place], told.open[name][place])
        found[name] = np.where(newest >= 0, values, unknown)
    return found
