"""Which strategies are not listened to, and what is wrong with one that has to be put aside.

Strategies stand in their own room; how long one takes is measured around the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from marketdata.bars import Flags
from strategies.signals import NEUTRAL_SIDE, Signals

FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a mistake in a strategy can raise; anything else stops the process as everywhere."""

QUARANTINED = "strategy-quarantined"
RELEASED = "strategy-released"
_SIDES = frozenset({-1, 0, 1, NEUTRAL_SIDE})
_LEVELS = ("stop", "target1", "target2")


class StrategyFault(Exception):
    """A strategy could not be asked, or what it said is not an answer; the text says which."""


class Stopwatch(Protocol):
    """Is told when a strategy is asked and when it has answered; measures, decides nothing."""

    def begun(self, strategy: str) -> None: ...

    def ended(self, strategy: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The strategies that are not asked, in the order they were put aside, and why."""

    reasons: tuple[tuple[str, str], ...] = ()

    def holds(self, strategy: str) -> bool:
        """Say whether the strategy is put aside."""
        return any(name == strategy for name, _ in self.reasons)

    def put(self, strategy: str, reason: str) -> Quarantine:
        """Return the quarantine with the strategy in it; one that is in it keeps its reason."""
        return self if self.holds(strategy) else Quarantine((*self.reasons, (strategy, reason)))

    def release(self, strategy: str) -> Quarantine:
        """Return the quarantine without the strategy. Raises `ValueError` if it isn't in it."""
        if not self.holds(strategy):
            raise ValueError(f"{strategy} is not in quarantine")
        return Quarantine(tuple(item for item in self.reasons if item[0] != strategy))


def told(error: Exception) -> str:
    """Return an error in a word and its text."""
    return f"{type(error).__name__}: {error}"


def check_answer(said: object, columns: int, scanned: Flags) -> Signals:
    """Return what a strategy said of one bar if it is an answer for `columns` columns.

    Raises `StrategyFault` for anything but `Signals` of arrays `(N,)`, for an unknown side, and
    for an opinion on a scanned column whose prices or confidence are not numbers.
    """
    if not isinstance(said, Signals):
        raise StrategyFault(f"returned {type(said).__name__}, expected Signals")
    for name in Signals.__slots__:
        _check_array(name, getattr(said, name), columns, "i" if name == "side" else "f")
    places = np.flatnonzero(said.side)
    if not len(places):
        return said
    if not set(said.side[places].tolist()) <= _SIDES:
        raise StrategyFault(
            f"side: {sorted(set(said.side.tolist()))}, expected among {sorted(_SIDES)}"
        )
    spoken = places[scanned[places]]
    directed = spoken[said.side[spoken] != NEUTRAL_SIDE]
    for name in ("entry", "confidence", *_LEVELS):
        asked = directed if name in _LEVELS else spoken
        known = np.isfinite(getattr(said, name)[asked])
        if not known.all():
            column = asked[~known][0]
            raise StrategyFault(f"{name}: not a number in column {column}, which has a side")
    return said


def _check_array(name: str, values: object, columns: int, kind: str) -> None:
    if not isinstance(values, np.ndarray) or values.dtype.kind != kind:
        expected = "whole numbers" if kind == "i" else "floats"
        raise StrategyFault(f"{name}: {type(values).__name__}, expected an array of {expected}")
    if values.shape != (columns,):
        raise StrategyFault(f"{name}: shape {values.shape}, expected ({columns},)")
