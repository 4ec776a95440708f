"""The composition root of kitesim: which day a Kite of our own plays, and at what pace.

What it serves is `execution/kitesim/`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from execution.kitesim.fault_script import read_script
from execution.kitesim.faults import FaultRule
from execution.kitesim.market import History, Market, Tape
from execution.kitesim.server import KiteSim, SimPlan
from execution.kitesim.settings import SimSettings
from marketdata.calendar import Calendar
from marketdata.feed import Pace
from trading.bootstrap import session_windows

__all__ = ["KiteSim", "SimDay", "SimSettings", "fault_rules", "kitesim_of"]


@dataclass(frozen=True, slots=True)
class SimDay:
    """A day to be played by a kitesim.

    `warmup`: the folder of bars before the day, for candles; None without. `speed`: tape seconds
    a second, 0 for lockstep: a frame each time a test says so. `host`, `port`, `ws_port`: where it
    listens, 0 for a free port.
    """

    tape: Tape
    warmup: Path | None
    seed: int
    speed: float
    rules: Sequence[FaultRule] = ()
    settings: SimSettings = field(default_factory=SimSettings)
    host: str = "127.0.0.1"
    port: int = 0
    ws_port: int = 0
    control: bool = False

    def __post_init__(self) -> None:
        if self.speed < 0:
            raise ValueError(f"speed: {self.speed}, expected 0 or more")


def kitesim_of(day: SimDay) -> KiteSim:
    """Return a kitesim that plays a day; it is opened with `async with`.

    Raises `ValueError` for a tape whose tokens can't be on the wire.
    """
    calendar = Calendar.load()
    history = History(day.warmup, calendar) if day.warmup is not None else None
    return KiteSim(
        SimPlan(
            market=Market(day.tape, history),
            windows=session_windows(day.tape.head, calendar),
            settings=day.settings,
            seed=day.seed,
            pace=Pace(day.speed, time.monotonic, asyncio.sleep) if day.speed else None,
            seconds=time.monotonic,
            faults=day.rules,
            host=day.host,
            port=day.port,
            ws_port=day.ws_port,
            control=day.control,
        )
    )


def fault_rules(path: Path | None) -> tuple[FaultRule, ...]:
    """Return the rules of a fault script, none without one. Raises `ValueError`."""
    return () if path is None else read_script(path)
