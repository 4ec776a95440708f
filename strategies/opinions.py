"""From arrays to single opinions: how often a strategy may speak, and the values it says.

What a strategy thinks stands in its own file; what becomes of an opinion in `structures.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from marketdata.bars import Ints
from marketdata.universe import Column, Universe
from strategies.base import Frame, Repeat, Strategy
from strategies.levels import Sides
from strategies.signals import Direction, Signal, Signals

NEVER = -(2**62)
"""Epoch seconds before any bar: nothing has been said yet."""


@dataclass(frozen=True, slots=True)
class RepeatState:
    """What a `RepeatMemory` remembers, to be kept in a snapshot.

    `said_long`, `said_short`: 1 where the session has had that side, shape `(N,)`. `last`: epoch
    seconds of the start of the bar last spoken on, `NEVER` where there is none today.
    """

    session: int
    said_long: Sides
    said_short: Sides
    last: Ints


class RepeatMemory:
    """How often one strategy has spoken in each column; starts anew with each session."""

    def __init__(self, repeat: Repeat, columns: int) -> None:
        self._repeat = repeat
        self._session = -1
        self._said = np.zeros((2, columns), dtype=np.int8)
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
        kept = start - self._last >= 60 * self._repeat.gap_minutes
        if self._repeat.once_a_side_a_day:
            kept &= np.where(side > 0, self._said[0], self._said[1]) == 0
        allowed = np.where(kept, side, 0).astype(np.int8)
        self._said[0] |= allowed > 0
        self._said[1] |= allowed < 0
        self._last[allowed != 0] = start
        return allowed

    @property
    def state(self) -> RepeatState:
        """Return a copy of what is remembered."""
        return RepeatState(
            self._session, self._said[0].copy(), self._said[1].copy(), self._last.copy()
        )

    def restore(self, state: RepeatState) -> None:
        """Remember what `state` holds. Raises `ValueError` for another number of columns."""
        if state.last.shape != self._last.shape:
            raise ValueError(f"state: {len(state.last)} columns, expected {len(self._last)}")
        self._session = state.session
        self._said = np.stack((state.said_long, state.said_short))
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
    or whose stop is not on the losing side are returned as rejected.
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
    for name in ("entry", "stop", "target1", "target2", "confidence"):
        value = float(getattr(signals, name)[index])
        if not np.isfinite(value):
            return f"{name} is {value}, expected a number"
    entry, stop = float(signals.entry[index]), float(signals.stop[index])
    if (entry - stop) * int(signals.side[index]) <= 0:
        return f"stop {stop} is not on the losing side of entry {entry}"
    return ""


def _signal(
    strategy: Strategy, signals: Signals, column: Column, at: datetime, frame: Frame
) -> Signal:
    index = column.index
    way = Direction(int(signals.side[index]))
    return Signal(
        strategy=strategy.name,
        instrument=column.instrument,
        direction=way,
        at=at,
        valid_until=at + timedelta(minutes=strategy.valid_minutes),
        entry=float(signals.entry[index]),
        stop=float(signals.stop[index]),
        target1=float(signals.target1[index]),
        target2=float(signals.target2[index]),
        confidence=float(signals.confidence[index]),
        setup=f"{way.name}@{at.isoformat(timespec='minutes')}",
        features=_seen(strategy, frame, index),
    )


def _seen(strategy: Strategy, frame: Frame, index: int) -> tuple[tuple[str, float], ...]:
    """Return every finite output of the declared features, in the order declared."""
    seen: list[tuple[str, float]] = []
    for name, feature in strategy.features().items():
        for output in feature.outputs:
            value = float(frame[name][output][index])
            if np.isfinite(value):
                label = name if len(feature.outputs) == 1 else f"{name}.{output}"
                seen.append((label, value))
    return tuple(seen)
