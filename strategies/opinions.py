"""From arrays to single opinions: how often a strategy may speak, and the values it says.

What a strategy thinks stands in its own file; what becomes of an opinion in `structures.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from marketdata.bars import Floats, Ints
from marketdata.universe import Column, Universe
from strategies.base import Frame, Repeat, Strategy
from strategies.levels import Sides
from strategies.signals import NEUTRAL_SIDE, Direction, Signal, Signals, direction_of

NEVER = -(2**62)
"""Epoch seconds before any bar: nothing has been said yet."""

_PLACE = {int(Direction.LONG): 0, int(Direction.SHORT): 1, NEUTRAL_SIDE: 2}


@dataclass(frozen=True, slots=True)
class RepeatState:
    """What a `RepeatMemory` remembers, to be kept in a snapshot.

    `said_long`, `said_short`, `said_neutral`: 1 where the session has had that side, shape
    `(N,)`. `last`: epoch seconds of the start of the bar last spoken on, `NEVER` where there is
    none today.
    """

    session: int
    said_long: Sides
    said_short: Sides
    said_neutral: Sides
    last: Ints


class RepeatMemory:
    """How often one strategy has spoken in each column; starts anew with each session."""

    def __init__(self, repeat: Repeat, columns: int) -> None:
        self._repeat = repeat
        self._session = -1
        self._said = np.zeros((3, columns), dtype=np.int8)
        self._last = np.full(columns, NEVER, dtype=np.int64)

    def allow(self, side: Sides, session: int, start: int) -> Sides:
        """Return `side` with 0 where the strategy may not speak again, and remember the rest.

        `side`: shape `(N,)`. `start`: epoch seconds of the bar's start; exactly `gap_minutes`
        after the last opinion is late enough. Bars come in order of time.
        """
        if session != self._session:
            self._session = session
            self._said[:] = 0
            self._last[:] = NEVER
        allowed = side.astype(np.int8)
        once, latest = self._repeat.once_a_side_a_day, start - 60 * self._repeat.gap_minutes
        for column in np.flatnonzero(side).tolist():
            said = _PLACE.get(int(side[column]))
            again = once and said is not None and self._said[said, column]
            if again or self._last[column] > latest:
                allowed[column] = 0
                continue
            if said is not None:
                self._said[said, column] = 1
            self._last[column] = start
        return allowed

    @property
    def state(self) -> RepeatState:
        """Return a copy of what is remembered."""
        long, short, neutral = self._said.copy()
        return RepeatState(self._session, long, short, neutral, self._last.copy())

    def restore(self, state: RepeatState) -> None:
        """Remember what `state` holds. Raises `ValueError` for another number of columns."""
        if state.last.shape != self._last.shape:
            raise ValueError(f"state: {len(state.last)} columns, expected {len(self._last)}")
        self._session = state.session
        self._said = np.stack((state.said_long, state.said_short, state.said_neutral))
        self._last = state.last.copy()


def allow_batch(repeat: Repeat, side: Sides, session: Ints, start: Ints) -> Sides:
    """Return what `RepeatMemory.allow` leaves of each row of a history, from an empty memory.

    `side`: shape `(T, N)`; `session`, `start`: `(T,)`, oldest first. Rows without a side change
    nothing and are passed over.
    """
    memory = RepeatMemory(repeat, side.shape[1])
    allowed = np.zeros_like(side)
    for row in np.flatnonzero(side.any(axis=1)):
        allowed[row] = memory.allow(side[row], int(session[row]), int(start[row]))
    return allowed


@dataclass(frozen=True, slots=True)
class Rejected:
    """An opinion that could not be one: which column's, and why."""

    column: Column
    reason: str


@dataclass(frozen=True, slots=True)
class Opinions:
    """What a strategy said at one moment, in the order of columns, and what was thrown out."""

    signals: tuple[Signal, ...]
    rejected: tuple[Rejected, ...]


def opinions(
    strategy: Strategy, signals: Signals, universe: Universe, at: datetime, frame: Frame
) -> Opinions:
    """Return the opinions of one row as values: scanned columns with a side, in their order.

    `signals`: shape `(N,)`, its sides already through `RepeatMemory.allow`. `at`: the close of
    the bar, aware; its zone is the one the set-up is named in. Rows whose prices are not finite
    or whose stop is not on the losing side are returned as rejected; without a direction there
    is no losing side, and only the entry and the confidence are read.
    """
    accepted: list[Signal] = []
    rejected: list[Rejected] = []
    for index in np.flatnonzero(signals.side):
        column = universe.columns[int(index)]
        if not column.scanned:
            continue
        reason = _fault(signals, int(index))
        if reason:
            rejected.append(Rejected(column, reason))
        else:
            accepted.append(_signal(strategy, signals, column, at, frame))
    return Opinions(tuple(accepted), tuple(rejected))


def _fault(signals: Signals, index: int) -> str:
    is_neutral = signals.side[index] == NEUTRAL_SIDE
    levels = () if is_neutral else ("stop", "target1", "target2")
    for name in ("entry", *levels, "confidence"):
        value = float(getattr(signals, name)[index])
        if not math.isfinite(value):
            return f"{name} is {value}, expected a number"
    entry, stop = float(signals.entry[index]), float(signals.stop[index])
    if not is_neutral and (entry - stop) * int(signals.side[index]) <= 0:
        return f"stop {stop} is not on the losing side of entry {entry}"
    return ""


def _signal(
    strategy: Strategy, signals: Signals, column: Column, at: datetime, frame: Frame
) -> Signal:
    index = column.index
    way = direction_of(int(signals.side[index]))
    entry = float(signals.entry[index])

    def level(values: Floats) -> float:
        return entry if way is Direction.NEUTRAL else float(values[index])

    return Signal(
        strategy=strategy.name,
        instrument=column.instrument,
        direction=way,
        at=at,
        valid_until=at + timedelta(minutes=strategy.valid_minutes),
        entry=entry,
        stop=level(signals.stop),
        target1=level(signals.target1),
        target2=level(signals.target2),
        confidence=float(signals.confidence[index]),
        setup=_setup_of(strategy, way, at),
        features=_seen(strategy, frame, index),
    )


def _setup_of(strategy: Strategy, way: Direction, at: datetime) -> str:
    if strategy.repeat.acted_on_once_a_day:
        return f"{way.name}@{at:%Y-%m-%d}"
    return f"{way.name}@{at.isoformat(timespec='minutes')}"


def _seen(strategy: Strategy, frame: Frame, index: int) -> tuple[tuple[str, float], ...]:
    """Return every finite output of the declared features and context, in the order declared."""
    seen: list[tuple[str, float]] = []
    for name, feature in strategy.features().items():
        for output in feature.outputs:
            value = float(frame[name][output][index])
            if math.isfinite(value):
                label = name if len(feature.outputs) == 1 else f"{name}.{output}"
                seen.append((label, value))
    for name in strategy.context:
        value = float(frame.beside(name)[index])
        if math.isfinite(value):
            seen.append((name, value))
    return tuple(seen)
