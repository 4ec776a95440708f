"""Many frames as one step of the market: how the feed and the tape both make ticks of them.

Both go through here and nowhere else, so that a recorded day gives exactly the ticks it gave live.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from marketdata.kite.board import Board
from marketdata.kite.frames import FrameError
from marketdata.tape import microseconds
from marketdata.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Folded:
    """What came of some frames: how many packets were strange or of unknown tokens, and how many
    frames were damaged; `rows` of the board were touched, ascending, each once.
    """

    rows: NDArray[np.int64]
    unknown: int
    strange: int
    damaged: int


def fold(board: Board, frames: Iterable[bytes]) -> Folded:
    """Take frames into the board, oldest first; a damaged one is left out whole."""
    touched = np.zeros(len(board), np.bool_)
    unknown = strange = damaged = 0
    for frame in frames:
        try:
            taken = board.take(frame)
        except FrameError:
            damaged += 1
            continue
        touched[taken.rows] = True
        unknown += len(taken.unknown)
        strange += taken.strange
    (rows,) = touched.nonzero()
    return Folded(rows, unknown, strange, damaged)


def step_ticks(board: Board, rows: NDArray[np.int64], at: datetime) -> Ticks:
    """Return one tick of each row; where Kite told no time, the step's is the exchange's."""
    return board.ticks(rows, unstamped_at=microseconds(at))
