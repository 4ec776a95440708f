"""`manage.py open_kite_day`: open today's run on Kite's prices, as the timetable does at 08:50."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from trading.kite_day import REFUSALS, DayWish, open_kite_day
from trading.models import Account
from trading.services.seed import PAPER_ACCOUNT


class Command(BaseCommand):
    """Open the day for the engine that stands by; a day that is open already stays as it is."""

    help = "Open today's run on Kite's prices, on paper or live as the account's mode says."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", default=PAPER_ACCOUNT, help="code of the account")
        parser.add_argument("--by", required=True, help="who opens it, for the audit log")
        parser.add_argument(
            "--folder", type=Path, help="where history, tapes and journals are (default: var)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(code=options["account"]).first()
        if account is None:
            raise CommandError(f"--account: {options['account']!r} is unknown", returncode=2)
        wish = DayWish(
            account=account,
            at=timezone.now(),
            by=options["by"],
            folder=options["folder"] or Path(settings.PROJECT_ROOT) / "var",
        )
        try:
            run = open_kite_day(wish)
        except REFUSALS as error:
            raise CommandError(f"no day on Kite: {error}", returncode=2) from error
        self.stdout.write(f"Run {run.code} of {run.date}, {run.mode}.")
