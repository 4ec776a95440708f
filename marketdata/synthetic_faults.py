"""Faults put into a tape on purpose, so that tests can see what they lead to.

Finding such faults in a feed is the work of the product's screen, not of this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import numpy as np

from marketdata.tape import TapeReader, microseconds, write_tape
from marketdata.ticks import Ticks

_MINUTE = 60_000_000
_SCALE = 100.0
_PRICES = ("last", "open", "high", "low", "bid", "ask")


class FaultKind(StrEnum):
    """What goes wrong."""

    SCALED_ONCE = "SCALED_ONCE"
    SCALED_TO_THE_END = "SCALED_TO_THE_END"
    MINUTE_MISSING = "MINUTE_MISSING"
    ROW_REPEATED = "ROW_REPEATED"
    PRICE_ZERO = "PRICE_ZERO"
    QUOTE_CROSSED = "QUOTE_CROSSED"
    NO_VOLUME = "NO_VOLUME"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one token from `at` (aware) on.

    One tick, the first at or after `at`, is hit by SCALED_ONCE (prices times 100), ROW_REPEATED
    (the same row again, in a frame of its own), PRICE_ZERO and QUOTE_CROSSED. All ticks from `at`
    on are hit by SCALED_TO_THE_END and NO_VOLUME (day volume and sizes 0), those of the sixty
    seconds from `at` by MINUTE_MISSING.
    """

    kind: FaultKind
    token: int
    at: datetime


def faulty_frames(
    frames: Iterable[tuple[int, Ticks]], faults: tuple[Fault, ...]
) -> Iterator[tuple[int, Ticks]]:
    """Yield the frames with the faults in them; the frames passed in stay as they are.

    Times in microseconds since the epoch. A frame that a fault leaves empty is left out.
    """
    waiting = list(faults)
    for at, ticks in frames:
        told, again = ticks, []
        for fault in tuple(waiting):
            rows = np.flatnonzero(told["token"] == fault.token)
            if at < microseconds(fault.at) or not len(rows):
                continue
            told = _hit(told, int(rows[0]), fault, at)
            if fault.kind is FaultKind.ROW_REPEATED:
                again.append(told[rows[:1]])
            if _is_over(fault, at):
                waiting.remove(fault)
        if len(told):
            yield at, told
        for row in again:
            yield at, row


def with_faults(tape: TapeReader, faults: tuple[Fault, ...], path: Path) -> TapeReader:
    """Write a copy of `tape` with the faults in it to `path`; its head notes each of them."""
    remarks = tuple(f"fault: {fault.kind} of {fault.token} at {fault.at}" for fault in faults)
    head = replace(tape.head, notes=tape.head.notes + remarks)
    frames = ((microseconds(frame.at), frame.ticks) for frame in tape.frames())
    return TapeReader(write_tape(path, head, faulty_frames(frames, faults)))


def _is_over(fault: Fault, at: int) -> bool:
    match fault.kind:
        case FaultKind.SCALED_TO_THE_END | FaultKind.NO_VOLUME:
            return False
        case FaultKind.MINUTE_MISSING:
            return at >= microseconds(fault.at) + _MINUTE
        case _:
            return True


def _hit(ticks: Ticks, row: int, fault: Fault, at: int) -> Ticks:
    """Return a copy of the frame with the fault in the tick at `row`."""
    if fault.kind is FaultKind.MINUTE_MISSING:
        over = at >= microseconds(fault.at) + _MINUTE
        return ticks if over else np.delete(ticks, row)
    told = ticks.copy()
    tick = told[row]
    match fault.kind:
        case FaultKind.SCALED_ONCE | FaultKind.SCALED_TO_THE_END:
            for field in _PRICES:
                tick[field] *= _SCALE
        case FaultKind.PRICE_ZERO:
            for field in ("last", "open", "high", "low"):
                tick[field] = 0.0
        case FaultKind.QUOTE_CROSSED:
            tick["bid"], tick["ask"] = float(tick["ask"]), float(tick["bid"])
        case FaultKind.NO_VOLUME:
            tick["volume"] = tick["bid_quantity"] = tick["ask_quantity"] = 0
        case FaultKind.ROW_REPEATED:
            pass
    return told
