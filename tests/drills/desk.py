"""A LIVE desk of a drill: a kitesim in this process, and an engine process that trades before it.

What is done to them is told by the drills; the numbers are put together in `report.py`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aitrapp.supervisor.desk import QUICK
from execution.kitesim.order_row import OrderRow
from execution.kitesim.server import KiteSim
from execution.orders import Side
from tests.integration.trading.kite_desk_day import KiteDeskDay
from tests.integration.trading.test_recorder_killed import database_url
from trading.models import Run

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
_LOOK_SECONDS = 0.002


class DrillError(AssertionError):
    """What a drill waited for did not come to be."""


@dataclass(slots=True)
class DrillDesk:
    """The engine of one run before its kitesim; the market moves a frame at a time.

    `frame_seconds`: of real time between two frames while the market goes on by itself.
    """

    day: KiteDeskDay
    run: Run
    logs: Path
    frame_seconds: float = 0.5
    process: subprocess.Popen[bytes] | None = None
    began_at: float = 0.0
    _market: asyncio.Task[None] | None = field(default=None)

    @property
    def sim(self) -> KiteSim:
        """Return the kitesim."""
        return self.day.sim

    def start(self) -> None:
        """Start an engine process; `began_at` is the moment before."""
        environ = {
            **os.environ,
            **QUICK,
            "DATABASE_URL": database_url(),
            "KITE_ROOT": self.sim.root,
            "KITE_WS_ROOT": self.sim.ws_root,
            "DJANGO_SETTINGS_MODULE": "aitrapp.settings.test",
        }
        keys = (self.sim.keys.api_key, self.sim.keys.api_secret)
        words = [sys.executable, "-m", "tests.drills.engine", self.run.code, *keys]
        with (self.logs / "engine.log").open("ab") as log:
            self.began_at = time.monotonic()
            self.process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill the engine without a word; one that is gone already stays gone."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def cpu_seconds(self) -> float:
        """Return the processor time that the engine process has used so far."""
        assert self.process is not None
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    async def until(self, what: str, holds: Callable[[], bool], seconds: float = PATIENCE) -> float:
        """Wait until something is so and return how long; the market goes on meanwhile."""
        began = time.monotonic()
        while not holds():
            if self.process is not None and self.process.poll() is not None:
                raise DrillError(f"the engine ended with {self.process.returncode}\n{self.words()}")
            if time.monotonic() - began > seconds:
                raise DrillError(f"waited {seconds:.0f} s in vain for {what}\n{self.words()}")
            await asyncio.sleep(_LOOK_SECONDS)
        return time.monotonic() - began

    def words(self) -> str:
        """Return the end of the engine's log."""
        return "\n".join((self.logs / "engine.log").read_text().splitlines()[-20:])

    async def move(self, seconds: float) -> None:
        """Let the market go on by itself, with so many real seconds between two frames."""
        await self.stand_still()
        self.frame_seconds = seconds
        self._market = asyncio.ensure_future(self._moving())

    async def stand_still(self) -> None:
        """Let no frame come."""
        if self._market is not None:
            self._market.cancel()
            await asyncio.wait({self._market})
            self._market = None

    async def _moving(self) -> None:
        while self.sim.backend.market.peek() is not None:
            await self.sim.step()
            await asyncio.sleep(self.frame_seconds)

    @property
    def is_over(self) -> bool:
        """Say whether the day has no further frame."""
        return self.sim.backend.market.peek() is None

    # what the broker has -----------------------------------------------------------------------

    def orders(self) -> list[OrderRow]:
        """Return every order of the account."""
        return self.sim.backend.books.orders()

    def held(self) -> dict[str, int]:
        """Return the signed units that the account holds."""
        portfolio = self.sim.backend.books.portfolio
        return {item.instrument.key: item.net for item in portfolio if item.net}

    def naked(self) -> dict[str, int]:
        """Return what is held without an order that rests or works to take it out."""
        found = {}
        for key, net in self.held().items():
            away = Side.SELL if net > 0 else Side.BUY
            back = [
                row for row in self.orders() if (row.instrument.key, row.form.side) == (key, away)
            ]
            covered = sum(row.left for row in back)
            if covered < abs(net):
                found[key] = net
        return found

    def working(self) -> int:
        """Return how many orders may still fill."""
        return sum(row.left > 0 for row in self.orders())
