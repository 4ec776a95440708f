"""From arrays to single opinions: how often a strategy may speak, and the values it says.

What a strategy thinks stands in its own file; what becomes of an opinion in `structures.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from marketdata.instruments import Instrument
from marketdata.universe import Column, Universe
from strategies.base import Frame, Repeat, Strategy
from strategies.direction import LONG, NEUTRAL, SHORT
from strategies.levels import Sides
from strategies.signals import NEUTRAL_SIDE, Signal, Signals, direction_of

Features = tuple[tuple[str, float], ...]
"""Name and value of what a strategy looked at."""

NEVER = -(2**62)
"""Epoch seconds before any bar: nothing has been said yet."""

_UNKNOWN = 3
_PLACE = np.full(256, _UNKNOWN)
"""Where what was said of a side is remembered; a negative side counts from the end."""
_PLACE[[int(LONG), int(SHORT), NEUTRAL_SIDE]] = (0, 1, 2)


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
        self._said = np.zeros((_UNKNOWN + 1, columns), dtype=np.int8)
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
        columns = np.flatnonzero(side)
        places = _PLACE[side[columns]]
        heard = self._last[columns] <= start - 60 * self._repeat.gap_minutes
        if self._repeat.once_a_side_a_day:
            heard &= self._said[places, columns] == 0
        allowed[columns[~heard]] = 0
        columns, places = columns[heard], places[heard]
        self._said[places, columns] = places != _UNKNOWN
        self._last[columns] = start
        return allowed

    @property
    def state(self) -> RepeatState:
        """Return a copy of what is remembered."""
        long, short, neutral = self._said[:_UNKNOWN].copy()
        return RepeatState(self._session, long, short, neutral, self._last.copy())

    def restore(self, state: RepeatState) -> None:
        """Remember what `state` holds. Raises `ValueError` for another number of columns."""
        if state.last.shape != self._last.shape:
            raise ValueError(f"state: {len(state.last)} columns, expected {len(self._last)}")
        self._session = state.session
        self._said[:_UNKNOWN] = (state.said_long, state.said_short, state.said_neutral)
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
    columns = universe.columns
    places = [place for place in np.flatnonzero(signals.side).tolist() if columns[place].scanned]
    wording = _Wording(strategy, at)
    there = np.array(places, dtype=np.int64)
    said = [getattr(signals, name)[there].tolist() for name in _Told._fields]
    for place, seen, *row in zip(places, _seen(strategy, frame, there), *said, strict=True):
        told = _Told(*row)
        reason = _fault(told)
        if reason:
            rejected.append(Rejected(columns[place], reason))
        else:
            accepted.append(wording.signal(columns[place].instrument, told, seen))
    return Opinions(tuple(accepted), tuple(rejected))


class _Told(NamedTuple):
    """What a strategy says of one column."""

    side: int
    entry: float
    stop: float
    target1: float
    target2: float
    confidence: float


_SIDED = ("entry", "stop", "target1", "target2", "confidence")
_NEUTRAL = ("entry", "confidence")


def _fault(told: _Told) -> str:
    is_neutral = told.side == NEUTRAL_SIDE
    levels = 0.0 if is_neutral else told.stop + told.target1 + told.target2
    if not math.isfinite(told.entry + told.confidence + levels):
        for name in _NEUTRAL if is_neutral else _SIDED:
            value = getattr(told, name)
            if not math.isfinite(value):
                return f"{name} is {value}, expected a number"
    if not is_neutral and (told.entry - told.stop) * told.side <= 0:
        return f"stop {told.stop} is not on the losing side of entry {told.entry}"
    return ""


class _Wording:
    """What all opinions of a strategy on one bar have in common."""

    def __init__(self, strategy: Strategy, at: datetime) -> None:
        self._name = strategy.name
        self._at = at
        self._until = at + timedelta(minutes=strategy.valid_minutes)
        once = strategy.repeat.acted_on_once_a_day
        bar = f"{at:%Y-%m-%d}" if once else at.isoformat(timespec="minutes")
        self._setups = {way: f"{way.name}@{bar}" for way in (LONG, SHORT, NEUTRAL)}

    def signal(self, instrument: Instrument, told: _Told, seen: Features) -> Signal:
        """Return what is told of a column as an opinion."""
        way = direction_of(told.side)
        levels = (told.stop, told.target1, told.target2)
        if way is NEUTRAL:
            levels = (told.entry,) * 3
        return Signal(
            self._name,
            instrument,
            way,
            self._at,
            self._until,
            told.entry,
            *levels,
            told.confidence,
            self._setups[way],
            seen,
        )


def _seen(strategy: Strategy, frame: Frame, places: Ints) -> list[Features]:
    """Return of some columns every finite output of the declared features and context.

    In the order declared.
    """
    if not len(places):
        return []
    labels: list[str] = []
    known: list[Floats] = []
    for name, reading in frame.features.items():
        outputs = reading.values
        for output, values in outputs.items():
            labels.append(name if len(outputs) == 1 else f"{name}.{output}")
            known.append(values[places])
    for name in strategy.context:
        labels.append(name)
        known.append(frame.beside(name)[places])
    table = np.array(known).reshape(len(known), len(places)).T
    is_whole: Flags = np.asarray(np.isfinite(table).all(axis=1))
    finite = math.isfinite
    return [
        tuple(zip(labels, row, strict=True))
        if whole
        else tuple([pair for pair in zip(labels, row, strict=True) if finite(pair[1])])
        for row, whole in zip(table.tolist(), is_whole.tolist(), strict=True)
    ]
