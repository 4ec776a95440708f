"""The time of an engine in a drill: the exchange's, as the frames of its kitesim tell it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from marketdata.kite.exchange_clock import ExchangeClock, heard
from marketdata.kite.raw_tape_reader import RawTapeReader
from trading.bootstrap_kite import Wall
from trading.models import Run


def wall_of(run: Run) -> Wall:
    """Return the time of the exchange, from where the run's tape ends."""
    tape = RawTapeReader(Path(run.tape_path))
    last: datetime | None = None
    for step in tape.steps(max(len(tape) - 1, 0)):
        last = step.at
    clock = ExchangeClock(last or tape.head.session_open, tape.head.session_close)
    return Wall(clock=clock, open_link=heard(clock, Wall().open_link))
