"""`manage.py bench`: times of price steps and scans, a headless day, and memory by process.

`bench pages` measures the live page on a running desk instead; see the command `bench_pages`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.tape import TapeReader
from trading.bench import HEADLESS, SCANNED, Figure, build, peak_of, scan_figures, table_of
from trading.config import Config
from trading.paper_day import manage_command, open_run
from trading.services.seed import seed


class Command(BaseCommand):
    """Measure and print; nothing is judged."""

    help = "Measure scans, a headless day and peak memory on made days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what", nargs="?", choices=("desk", "pages"), default="desk", help="what is measured"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "pages":
            call_command("bench_pages", json=options["json"])
            return
        figures = scan_figures(SCANNED) + scan_figures(HEADLESS) + self._memory()
        self.stdout.write(table_of(figures, as_json=options["json"]))

    def _memory(self) -> list[Figure]:
        """Trade and record a made day of the headless size in their own processes."""
        call_command("migrate", verbosity=0)
        account = seed(by="bench").account
        manage = manage_command(Path(settings.PROJECT_ROOT))
        with tempfile.TemporaryDirectory() as folder:
            built = build(HEADLESS, Path(folder))
            run = open_run(account, Config(), TapeReader(built.tape_path), "bench", Path(folder))
            figures = []
            for name, command in (("engine", "trade"), ("recorder", "record")):
                code, peak = peak_of([*manage, command, "--run", run.code])
                if code:
                    raise CommandError(f"{command}: ended with {code}", returncode=1)
                figures.append(Figure(f"{name} process: peak memory", peak, "MiB"))
        sys.stdout.write("\n")
        return figures
