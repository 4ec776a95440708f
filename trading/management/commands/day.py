"""`manage.py day`: whole paper days on recorded prices, from the first tick to checked books."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.built_day import BuiltDay
from marketdata.dayset import available_days, build_day
from marketdata.tape import TapeReader
from trading.config import Config, ConfigError, load, read, with_settings
from trading.day_checks import Finding, life_cycle_findings
from trading.made_days import build_made_days
from trading.models import Run
from trading.paper_day import DayReport, manage_command, open_run, trade_day
from trading.services.seed import seed

_RECORDINGS = Path("../shared/data")


class Command(BaseCommand):
    """Paper-trade every recorded day there is and check each one's books."""

    help = "Paper-trade the recorded days (made ones where there are none) and check the books."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", default=None, help="folder of recordings")
        parser.add_argument("--out", default="day.json", help="where the report goes")
        parser.add_argument("--date", action="append", help="only this day (repeatable)")
        parser.add_argument("--config", default=None, help="TOML file of settings")
        parser.add_argument(
            "--set", action="append", default=[], help="one setting, key.path=value (repeatable)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.PROJECT_ROOT)
        config = self._config(options)
        days = self._days(root, options)
        call_command("migrate", verbosity=0)
        account = seed(by="day").account
        runs: list[Run] = []
        reports: list[DayReport] = []
        for source, built in days:
            tape = TapeReader(built.tape_path)
            run = open_run(account, config, tape, source, root / "var" / "journals")
            reports.append(trade_day(run, manage=manage_command(root)))
            runs.append(run)
            self.stdout.write("")
        general = tuple(life_cycle_findings(runs)) if not options["date"] else ()
        self._write(Path(options["out"]), reports)
        self._show(reports, general)
        if general or any(report.findings for report in reports):
            raise CommandError("the checks above failed", returncode=1)

    def _config(self, options: dict[str, Any]) -> Config:
        try:
            document = load(Path(options["config"])) if options["config"] else {}
            return read(with_settings(document, options["set"]))
        except ConfigError as error:
            raise CommandError(str(error), returncode=2) from error

    def _days(self, root: Path, options: dict[str, Any]) -> list[tuple[str, BuiltDay]]:
        folder = Path(options["data"]) if options["data"] else root / _RECORDINGS
        if options["data"] and not folder.is_dir():
            raise CommandError(f"--data: {folder} is no folder", returncode=2)
        out = root / "var" / "days"
        specs = available_days(folder)
        if options["date"]:
            known = {str(spec.date) for spec in specs}
            for wanted in options["date"]:
                if wanted not in known:
                    raise CommandError(
                        f"--date: {wanted}, expected one of {', '.join(sorted(known))}",
                        returncode=2,
                    )
            specs = tuple(spec for spec in specs if str(spec.date) in options["date"])
        if specs:
            return [("recorded", build_day(spec, folder, out)) for spec in specs]
        self.stdout.write(f"No recordings in {folder}: trading made (synthetic) days instead.")
        return [("synthetic", built) for built in build_made_days(out)]

    def _write(self, path: Path, reports: list[DayReport]) -> None:
        document = {"sessions": [report.as_json() for report in reports]}
        path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")

    def _show(self, reports: list[DayReport], general: tuple[Finding, ...]) -> None:
        head = ("date", "source", "signals", "decisions", "trades", "flat", "net INR", "seconds")
        rows = [
            (
                str(report.date),
                report.source,
                str(report.signals),
                str(report.decisions),
                str(report.trades),
                "yes" if report.flat and not report.working_orders else "NO",
                f"{report.net_inr.quantize(Decimal('0.01')):,}",
                f"{report.wall_s:.1f}",
            )
            for report in reports
        ]
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        for row in [head, *rows]:
            cells = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells))
        for report in reports:
            for finding in report.findings:
                self.stderr.write(f"{report.date} {finding.check}: {finding.text}")
        for finding in general:
            self.stderr.write(f"{finding.check}: {finding.text}")
        sys.stdout.flush()
