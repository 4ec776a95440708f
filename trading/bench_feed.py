"""Frames on a whole desk: the way to the panel while a paper engine trades on what comes.

The same without an engine is in `marketdata/kite/bench_feed.py`. Run
`python -m trading.bench_feed SECONDS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from marketdata.clock import SystemClock
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.kite.bench_raw_tape import Load, head_of
from marketdata.kite.bench_socket import Sending, sender
from marketdata.kite.bench_waits import FeedFigure, Waits
from marketdata.kite.picows_link import open_picows
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.tape import TapeHead
from trading.bootstrap import undisturbed
from trading.bootstrap_kite import KiteAccess, KiteDay, KiteDesk, Wall, kite_paper_desk
from trading.config import Config
from trading.engine.actions import Action
from trading.engine.events import Event, MarketStep
from trading.journal import JournalFile
from trading.quiet_heap import quiet_heap
from trading.snapshots import Snapshots, code_stamp

_STRATEGIES = ("trend_pullback", "vwap_reversion")
_AFTER_OPEN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Shifted:
    """The machine's clock, so many seconds ahead."""

    ahead: timedelta

    def now(self) -> datetime:
        """Return the shifted time."""
        return SystemClock().now() + self.ahead


async def desk_figure(sending: Sending) -> FeedFigure:
    """Send frames to a paper desk on one connection: bars, two strategies, journal, tape.

    A frame is on the panel once the engine has answered its step, exits and limits included. What
    the run has come to is kept beside the journal, as on any desk.
    """
    head = _head(sending.packets)
    ahead = head.session_open + _AFTER_OPEN - SystemClock().now()
    waits = Waits(sending)
    with tempfile.TemporaryDirectory() as name:
        tape = RawTapeWriter(Path(name) / "day.raw", head)
        async with sender(replace(sending, ahead_s=int(ahead.total_seconds()))) as url:
            desk = _desk(tape, waits, url, _Shifted(ahead))
            with quiet_heap():
                await _run(desk, waits)
            figure = waits.figure(desk.feed.counts.frames, desk.feed.counts.steps)
            await desk.end()
        tape.close()
    return figure


def _head(columns: int) -> TapeHead:
    """Return the head of a modelled day on which every instrument is a share."""
    head = head_of(Load("", columns, 1.0))
    return replace(head, instruments=tuple(_share(item) for item in head.instruments))


def _share(item: Instrument) -> Instrument:
    return Instrument(
        token=item.token,
        exchange=Exchange.NSE,
        symbol=item.symbol,
        name=item.symbol,
        kind=Kind.EQUITY,
        lot_size=1,
        tick_size=item.tick_size,
    )


def _desk(tape: RawTapeWriter, waits: Waits, url: str, clock: _Shifted) -> KiteDesk:
    path = tape.path.with_suffix(".journal")
    day = KiteDay(
        config=Config(strategies={name: {} for name in _STRATEGIES}),
        tape=tape,
        warmup=None,
        run_code="BENCH",
        run_number=1,
        banned=frozenset(),
        events=(),
        snapshots=Snapshots(path, code_stamp()),
    )
    access = KiteAccess("bench", "bench", url, url)
    wall = Wall(clock=clock, open_link=waits.noting(open_picows))
    return kite_paper_desk(day, access, JournalFile(path), undisturbed(), wall)


async def _run(desk: KiteDesk, waits: Waits) -> None:
    """Let the desk trade until every frame sent was on its panel."""
    runner, done = desk.runner, asyncio.Event()
    engine = runner.engine

    def answer(event: Event) -> tuple[Action, ...]:
        actions = engine.handle(event)
        if isinstance(event, MarketStep) and waits.on_panel(desk.feed.counts.frames):
            done.set()
        return actions

    runner.answer = answer
    running = asyncio.ensure_future(runner.run({"run": "BENCH"}, engine.setup.closes_at))
    ended = asyncio.ensure_future(done.wait())
    await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
    for task in (running, ended):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def main() -> None:
    """Print one line."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    figure = asyncio.run(desk_figure(Sending(3_000, 4 * seconds, 4.0)))
    print(f"with {' and '.join(_STRATEGIES)}: {figure}")


if __name__ == "__main__":
    main()
