"""`seed`: give a fresh database the paper account and the calendar's rows."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from trading.services.seed import seed


class Command(BaseCommand):
    """Seeds what every desk needs; may be repeated."""

    help = "Open the paper account and take over holidays, special sessions and events."

    def handle(self, *_args: Any, **_options: Any) -> None:
        report = seed(by="seed")
        self.stdout.write(
            f"account {report.account.code} with ₹{report.account.start_capital:.2f},"
            f" {report.holidays} holidays, {report.special_sessions} special sessions,"
            f" {report.market_events} events"
        )
