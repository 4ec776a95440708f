"""`manage.py report --run CODE`: what a finished run came to, and what was found wrong with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading import selectors
from trading.models import RunState
from trading.paper_day import report_of
from trading.selectors import UnknownRunError
from trading.selectors_held_back import held_back
from trading.selectors_structures import structure_trips


class Command(BaseCommand):
    """Print a run's figures; end with 1 where a check failed."""

    help = "Print what a finished run came to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--run", required=True, help="code of the run")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = selectors.run_by_code(options["run"])
        except UnknownRunError as error:
            raise CommandError(str(error), returncode=2) from error
        if run.state != RunState.FINISHED.value:
            raise CommandError(f"run {run.code} of {run.date}: {run.state}", returncode=1)
        report = report_of(run, wall_s=0.0)
        net = report.net_inr.quantize(Decimal("0.01"))
        self.stdout.write(
            f"{report.date}: {report.signals} signals, {report.decisions} decisions, "
            f"{report.trades} trades, net {net:,} INR, "
            f"{'flat' if report.flat and not report.working_orders else 'NOT FLAT'}."
        )
        for trip in structure_trips(run):
            self.stdout.write(trip.told)
        for each in held_back(run):
            self.stdout.write(f"{each.strategy} held back: {each.reason} ({each.times} ×)")
        for finding in report.findings:
            self.stdout.write(f"{finding.check}: {finding.text}")
        if report.findings:
            raise CommandError(f"run {run.code}: checks failed", returncode=1)
