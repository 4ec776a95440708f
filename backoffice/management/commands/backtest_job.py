"""`backtest_job`: the command `backtest`, telling a program how far it is instead of a person.

Its arguments and results are those of `backtest`; workers call it, see `backoffice/backtests.py`.
"""

from __future__ import annotations

from decimal import Decimal

from trading.management.commands import backtest


class Command(backtest.Command):
    """Prints a line `3/10` after every session."""

    help = "As `backtest`, with one line of progress a session."

    def _progress(self, done: int, total: int, balance: Decimal) -> None:
        self.stdout.write(f"{done}/{total} sessions, balance {balance:.2f} INR")
        self.stdout.flush()
