"""`manage.py trade`: the engine process of one paper run, started again after a crash."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.engine.core import Engine
from trading.engine.runner import DivergenceError
from trading.journal import JournalBusyError, JournalCorruptError
from trading.leader import LeaseTakenError
from trading.selectors import UnknownRunError
from trading.services.mode_changes import NotLiveError
from trading.worker import Tempo, trade

ANTICIPATED = (
    UnknownRunError,
    LeaseTakenError,
    JournalBusyError,
    JournalCorruptError,
    DivergenceError,
    NotLiveError,
)


class Command(BaseCommand):
    """Trade one run on paper, from where its journal ends."""

    help = "Trade one paper run, from where its journal ends to the close of its day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--run", required=True, help="code of the run")
        parser.add_argument(
            "--speed", type=float, default=None, help="seconds of the day per second; else at once"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        speed = options["speed"]
        if speed is not None and not speed > 0:
            raise CommandError(f"--speed: {speed}, expected above 0", returncode=2)
        try:
            trade(options["run"], tempo=None if speed is None else Tempo(speed), show=show)
        except ANTICIPATED as error:
            raise CommandError(str(error), returncode=2) from error


def show(at: datetime, engine: Engine) -> None:
    """Print where the day stands: simulated time, open positions, profit."""
    held = sum(1 for trade in engine.ledger.alive() if trade.open_quantity)
    profit = engine.ledger.exposure(engine.last_prices()).profit_of_day_inr
    sys.stdout.write(f"\r{at:%Y-%m-%d %H:%M:%S}  positions {held}  P&L {profit:+12,.2f} INR ")
    sys.stdout.flush()
