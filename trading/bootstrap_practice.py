"""The composition root for a day that is recorded as it is traded: its tape, its desk, its time.

The desk itself is the one of `bootstrap_kite.py`. A day on Kite lives by the machine's time, one of
a kitesim by the exchange's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from marketdata.events import MarketEvent
from marketdata.kite.exchange_clock import ExchangeClock, heard
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.kite.raw_tape_reader import RawTapeReader
from marketdata.tape_head import TapeHead
from trading.bootstrap_kite import KiteDay, KiteDesk, Wall
from trading.config import Config
from trading.snapshots import Snapshots

PracticeClock = ExchangeClock
"""The clock of a kitesim's day."""

Stand = Callable[[KiteDay, Wall], KiteDesk]
"""How a desk is stood up around a day in some time."""


@dataclass(frozen=True, slots=True)
class TapedDay:
    """One day to be traded while it is recorded; the tape it goes onto stands already.

    `banned`: the day's ban list, None where none is known. `events`: the scheduled events around
    it, None for the packaged list. `snapshots`: where the run is kept, None for nowhere.
    """

    config: Config
    tape_path: Path
    warmup: Path | None
    run_code: str
    run_number: int
    banned: frozenset[str] | None
    events: tuple[MarketEvent, ...] | None = None
    snapshots: Snapshots | None = None


@dataclass(slots=True)
class TapedDesk:
    """A desk and the tape it writes; `end` lets everything go."""

    desk: KiteDesk
    tape: RawTapeWriter

    @property
    def has_heard(self) -> bool:
        """Say whether this process has been told any prices."""
        return self.desk.feed.counts.frames > 0

    async def end(self) -> None:
        """Stop calls and sockets, and close the tape. Raises `RawTapeWriteError`."""
        try:
            await self.desk.end()
        finally:
            self.tape.close()


def begin_tape(path: Path, head: TapeHead) -> None:
    """Write the tape of a day of which nothing has been heard yet."""
    RawTapeWriter(path, head).close()


def taped_desk(day: TapedDay, stand: Stand, wall: Wall) -> TapedDesk:
    """Return a desk that goes on where the day's tape ends.

    Raises `TapeBusyError` while another process writes the tape, `RawTapeCorruptError`, and what
    `stand` raises.
    """
    return _stood(day, stand, _opened(day), wall)


def practice_desk(day: TapedDay, stand: Stand) -> tuple[TapedDesk, PracticeClock]:
    """Return the same in the time of the exchange, as its frames tell it, and that clock.

    No frame tells the session's close: whoever knows that the day is over moves the clock there.
    """
    tape = _opened(day)
    clock = ExchangeClock(tape.last_at or tape.head.session_open, tape.head.session_close)
    wall = Wall(clock=clock, open_link=heard(clock, Wall().open_link))
    return _stood(day, stand, tape, wall), clock


def _opened(day: TapedDay) -> RawTapeWriter:
    return RawTapeWriter(day.tape_path, RawTapeReader(day.tape_path).head)


def _stood(day: TapedDay, stand: Stand, tape: RawTapeWriter, wall: Wall) -> TapedDesk:
    kite_day = KiteDay(
        config=day.config,
        tape=tape,
        warmup=day.warmup,
        run_code=day.run_code,
        run_number=day.run_number,
        banned=day.banned,
        events=day.events,
        snapshots=day.snapshots,
    )
    return TapedDesk(stand(kite_day, wall), tape)
