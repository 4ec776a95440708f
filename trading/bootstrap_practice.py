"""The composition root for a desk on a kitesim's prices: its tape, its clock, its paper desk.

The desk itself is the one of `bootstrap_kite.py`; only its time is the exchange's, not the wall's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from marketdata.kite.exchange_clock import ExchangeClock, heard
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.kite.raw_tape_reader import RawTapeReader
from marketdata.tape_head import TapeHead
from trading.bootstrap import Outside
from trading.bootstrap_kite import KiteAccess, KiteDay, KiteDesk, Wall, kite_paper_desk
from trading.config import Config
from trading.engine.runner import Journal


@dataclass(frozen=True, slots=True)
class PracticeDay:
    """One day of a kitesim to be traded on paper; the tape it goes onto stands already.

    `banned`: the day's ban list, None where none is known.
    """

    config: Config
    tape_path: Path
    warmup: Path | None
    run_code: str
    run_number: int
    banned: frozenset[str] | None


@dataclass(slots=True)
class PracticeDesk:
    """A paper desk on a kitesim's prices, and the tape it writes; `end` lets everything go."""

    desk: KiteDesk
    tape: RawTapeWriter
    clock: ExchangeClock

    @property
    def has_heard(self) -> bool:
        """Say whether this process has been told any prices."""
        return self.desk.feed.counts.frames > 0

    def end_day(self) -> None:
        """Let the session's close come: no frame will tell it."""
        self.clock.end_at(self.tape.head.session_close)

    async def end(self) -> None:
        """Stop the sockets and close the tape. Raises `RawTapeWriteError`."""
        try:
            await self.desk.end()
        finally:
            self.tape.close()


def begin_tape(path: Path, head: TapeHead) -> None:
    """Write the tape of a day of which nothing has been heard yet."""
    RawTapeWriter(path, head).close()


def practice_desk(
    day: PracticeDay, access: KiteAccess, journal: Journal, outside: Outside
) -> PracticeDesk:
    """Return a desk that goes on where the day's tape ends; no order leaves it.

    Raises `TapeBusyError` while another process writes the tape, `RawTapeCorruptError`.
    """
    tape = RawTapeWriter(day.tape_path, RawTapeReader(day.tape_path).head)
    clock = ExchangeClock(tape.last_at or tape.head.session_open, tape.head.session_close)
    kite_day = KiteDay(
        config=day.config,
        tape=tape,
        warmup=day.warmup,
        run_code=day.run_code,
        run_number=day.run_number,
        banned=day.banned,
    )
    wall = Wall(clock=clock, open_link=heard(clock, Wall().open_link))
    return PracticeDesk(kite_paper_desk(kite_day, access, journal, outside, wall), tape, clock)
