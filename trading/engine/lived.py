"""What a run has come to between two events, and the port through which it is put aside.

Living on from it is the runner's; the file that it goes to is `trading/snapshots.py`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

from marketdata.quality import TickScreen
from trading.engine.core import Engine
from trading.engine.fault_tally import FaultTally
from trading.engine.invariants import Invariants
from trading.engine.timeline import Timeline
from trading.engine.venue import Venue


@dataclass(frozen=True, slots=True)
class Lived:
    """All that the next engine of a run needs to go on from here; it changes with every event.

    `seq`: number of the last record that led here; `frames`: how many frames were taken. `venue`:
    None where it isn't lived again. `commands`: the numbers of those that were obeyed.
    """

    seq: int
    frames: int
    engine: Engine
    timeline: Timeline
    screen: TickScreen
    venue: Venue | None
    faults: FaultTally
    commands: set[int]
    invariants: Invariants


class Keeping(Protocol):
    """Where what a run has come to is put aside every so often, so that recovery is short.

    `keep` does so piece by piece; between two of them nothing may happen to the run, or the
    iterator is closed, and nothing was put aside.
    """

    def is_due(self) -> bool: ...

    def keep(self, lived: Lived) -> Generator[None, None, None]: ...

    def settle(self) -> None: ...
