"""`manage.py kitesim`: a Kite of our own on two local ports, playing one day."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Coroutine
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.tape import TapeReader
from trading.bootstrap_kitesim import KiteSim, SimDay, SimSettings, fault_rules, kitesim_of
from trading.bootstrap_tapes import warmup_path
from trading.desk_days import SYNTHETIC, day_asked
from trading.made_days import DATES, make_day
from trading.parquet_day import parquet_day

_TICK_SECONDS = 1
_LOOK = 0.05


class Command(BaseCommand):
    """Serves Kite's REST calls and socket over the simulated exchange, until it is stopped."""

    help = "Serve Kite's protocol over a made, recorded or Parquet day (docs/kitesim.md)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="where it listens")
        parser.add_argument("--port", type=int, default=0, help="of the REST side, 0: a free one")
        parser.add_argument("--ws-port", type=int, default=0, help="of the socket, 0: a free one")
        parser.add_argument("--seed", type=int, default=1, help="of a made day, faults and tokens")
        parser.add_argument(
            "--day",
            default=None,
            help="a tape, a folder of Parquet bars, or synthetic[:SEED[:SECONDS]]",
        )
        parser.add_argument("--date", default=None, help="which day of the Parquet bars")
        parser.add_argument("--speed", type=float, default=1.0, help="0: a frame at each /sim/step")
        parser.add_argument("--faults", default=None, help="fault script, TOML or JSON")
        parser.add_argument("--cash", default="2500000", help="rupees at the start of the day")
        parser.add_argument("--control", action="store_true", help="serve /sim/ too, for tests")
        parser.add_argument(
            "--wait", action="store_true", help="let time stand still until a socket subscribes"
        )
        parser.add_argument("--out", type=Path, help="where made days go (default: var/kitesim)")
        parser.add_argument("--tell", type=Path, help="write the first line to this file, too")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            day = self._day(options)
            sim = kitesim_of(day)
        except (ValueError, LookupError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        asyncio.run(self._serve(sim, day, waits=options["wait"], told=options["tell"]))

    def _day(self, options: dict[str, Any]) -> SimDay:
        tape = self._tape(options)
        return SimDay(
            tape=tape,
            warmup=warmup_path(tape.path),
            seed=options["seed"],
            speed=options["speed"],
            rules=fault_rules(Path(options["faults"]) if options["faults"] else None),
            settings=SimSettings(cash=_rupees(options["cash"])),
            host=options["host"],
            port=options["port"],
            ws_port=options["ws_port"],
            control=options["control"],
        )

    def _tape(self, options: dict[str, Any]) -> TapeReader:
        seed = options["seed"]
        root = options["out"] or Path(settings.PROJECT_ROOT) / "var" / "kitesim"
        out = root / f"seed-{seed}"
        out.mkdir(parents=True, exist_ok=True)
        if (options["day"] or "").partition(":")[0] == SYNTHETIC:
            return TapeReader(day_asked(options["day"], root, out)[1])
        if options["day"] is None:
            day = DATES[seed % len(DATES)]
            return TapeReader(make_day(seed, day, out, seconds_per_tick=_TICK_SECONDS).tape_path)
        path = Path(options["day"])
        if path.is_dir():
            wanted = date.fromisoformat(options["date"]) if options["date"] else None
            return TapeReader(parquet_day(path, wanted, out).tape_path)
        return TapeReader(path)

    async def _serve(self, sim: KiteSim, day: SimDay, *, waits: bool, told: Path | None) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with sim:
            first = sim.first_line()
            self.stdout.write(first)
            sys.stdout.flush()
            if told is not None:
                _tell(told, json.loads(first), day.warmup)
            if day.speed:
                await _until(stop, _live(sim, waits))
            await stop.wait()


async def _live(sim: KiteSim, waits: bool) -> None:
    """Let the day pass, if asked to once all wishes have come; what follows is its end."""
    before, now = 0, sim.state()["subscribed"]
    while waits and not (before == now > 0):
        await asyncio.sleep(_LOOK)
        before, now = now, sim.state()["subscribed"]
    await sim.run()


def _tell(file: Path, first: dict[str, Any], warmup: Path | None) -> None:
    """Write what a client needs, and where the bars before the day are, for us alone to read."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    told = {**first, "warmup": str(warmup.absolute()) if warmup else None}
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
        stream.write(json.dumps(told))
    part.replace(file)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do some work, or give it up when it is time to stop. Raises what the work raises."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


def _rupees(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"cash: {text!r}, expected rupees") from error
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"cash: {text}, expected 0 or more rupees")
    return amount
