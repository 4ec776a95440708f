"""`manage.py watchrun`: shows the desk's run on the terminal, then its summary, until stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseAway
from django.db import connection

from trading import selectors
from trading.models import Account, Run, RunState
from trading.services.seed import PAPER_ACCOUNT
from trading.services.simulated_time import SimulatedTime

_LOOK_SECONDS = 0.5
_POLL_SECONDS = 0.1
_LEAVING_SECONDS = 3.0
_EVENING = timedelta(hours=3)
"""How long after the last price the timetable of a made or recorded day is still followed."""


class Command(BaseCommand):
    """Show the newest run of the account; its end is only the end of the day."""

    help = "Show the desk's run until Ctrl-C."
    requires_system_checks = ()  # They would load every page; `prepare_run` has made them.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--console", default="", help="address of the console")
        parser.add_argument(
            "--data", default="", help="folder of the desk whose memory the summary tells"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        told = threading.Event()
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, lambda *_: told.set())
        self._data = options["data"]
        watching = threading.Thread(
            target=self._watch, args=(options["console"], told), daemon=True
        )
        watching.start()
        while watching.is_alive() and not told.wait(_LOOK_SECONDS):
            continue
        if not told.is_set():
            raise CommandError("the desk cannot be watched any more", returncode=1)
        watching.join(_LEAVING_SECONDS)
        self.stdout.write("\nStopping the desk.")

    def _watch(self, console: str, told: threading.Event) -> None:
        """Show the run until told to stop; a server that hangs keeps nobody from stopping."""
        account = Account.objects.get(code=PAPER_ACCOUNT)
        shown: str | None = None
        passing: SimulatedTime | None = None
        while not told.wait(_LOOK_SECONDS):
            try:
                run = selectors.newest_run(account)
                if run is None:
                    continue
                if passing is None or passing.run != run:
                    passing = SimulatedTime(run)
                self._pass_time(run, passing)
                if run.state == RunState.RUNNING.value:
                    self._progress(run)
                elif run.code != shown and self._is_recorded(run):
                    shown = run.code
                    self._summary(run, console, told)
            except DatabaseAway:
                connection.close()
        connection.close()

    def _pass_time(self, run: Run, passing: SimulatedTime) -> None:
        """Let the timetable follow the run's own time, past the close once the day is over."""
        point = selectors.last_equity(run)
        if point is None:
            return
        over = run.state != RunState.RUNNING.value
        passing.drive(point.at + (_EVENING if over else timedelta(0)))

    def _progress(self, run: Run) -> None:
        point = selectors.last_equity(run)
        if point is None:
            return
        profit = point.equity - run.account.start_capital
        sys.stdout.write(
            f"\r{point.at.astimezone():%Y-%m-%d %H:%M}  positions {point.open_positions}  "
            f"P&L {profit:+12,.2f} INR "
        )
        sys.stdout.flush()

    def _is_recorded(self, run: Run) -> bool:
        position = selectors.recorder_position(run)
        return position is not None and position.ended

    def _summary(self, run: Run, console: str, told: threading.Event) -> None:
        self.stdout.write("")
        self.stdout.flush()
        manage = str(Path(settings.PROJECT_ROOT) / "manage.py")
        run_beside((manage, "report", "--run", run.code), told)
        if self._data:
            run_beside(("-m", "aitrapp.supervisor", "memory", "--data", self._data), told)
        if not told.is_set():
            self.stdout.write(f"The day is over; the console stays up at {console} until Ctrl-C.")


def run_beside(words: Sequence[str], told: threading.Event) -> None:
    """Run a Python program to its end, or until we are told to stop.

    It stands outside the terminal's group: a Ctrl-C there is meant for us, and we end it.
    """
    if told.is_set():
        return
    process = subprocess.Popen([sys.executable, *words], cwd=settings.PROJECT_ROOT, process_group=0)
    while process.poll() is None:
        if told.wait(_POLL_SECONDS):
            process.terminate()
            process.wait()
