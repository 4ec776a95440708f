"""`manage.py bench`: times of price steps and scans, a headless day, and memory by process.

`bench pages` measures the live page on a running desk instead, `bench dump` taking over a day's
instruments, `bench feed` the way of Kite's frames to the panel, `bench tape` what recording costs.
"""

from __future__ import annotations

import subprocess
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

_COMMANDS = {"pages": "bench_pages", "dump": "bench_dump"}
_MODULES = {
    "feed": ("marketdata.kite.bench_decode", "marketdata.kite.bench_feed"),
    "tape": ("marketdata.kite.bench_raw_tape",),
}
"""Measured in processes of their own, which print what they find."""


class Command(BaseCommand):
    """Measure and print; nothing is judged."""

    help = "Measure scans, a headless day and peak memory on made days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what",
            nargs="?",
            choices=("desk", *_COMMANDS, *_MODULES),
            default="desk",
            help="what is measured",
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object (desk, pages, dump)"
        )
        parser.add_argument("--seconds", type=int, default=20, help="how long frames are sent")

    def handle(self, *args: Any, **options: Any) -> None:
        what = options["what"]
        if what in _COMMANDS:
            call_command(_COMMANDS[what], json=options["json"])
            return
        if what in _MODULES:
            for module in _MODULES[what]:
                self._run(module, options["seconds"])
            return
        figures = scan_figures(SCANNED) + scan_figures(HEADLESS) + self._memory()
        self.stdout.write(table_of(figures, as_json=options["json"]))

    @staticmethod
    def _run(module: str, seconds: int) -> None:
        argv = [sys.executable, "-W", "ignore", "-m", module]
        if module.endswith("bench_feed"):
            argv.append(str(seconds))
        code = subprocess.run(argv, cwd=settings.PROJECT_ROOT, check=False).returncode
        if code:
            raise CommandError(f"{module}: ended with {code}", returncode=1)

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
