"""`manage.py bench`: what the desk costs in time and memory, one named bench after the other.

What each measures is told in `docs/benchmarks.md`; `bench guard` alone judges.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.tape import TapeReader
from trading.bench import HEADLESS, SCANNED, Figure, build, peak_of, scan_figures, table_of
from trading.bench_contest import CASE_B, NotTheSameError, contest, contestants, figures_of
from trading.bench_days import all_scans, bar_scans, session_figures, year_figures
from trading.bench_features import chain_figures, indicator_figures
from trading.bench_flatten import flatten_figures
from trading.bench_guard import RECORDED, GuardFileError, guard, read_recorded
from trading.bench_orders import order_figures
from trading.config import Config
from trading.paper_day import manage_command, open_run
from trading.services.seed import seed

_FIGURES: Mapping[str, Callable[[], list[Figure]]] = {
    "backtest": lambda: figures_of(CASE_B, contest(CASE_B, contestants())),
    "indicators": indicator_figures,
    "chain": chain_figures,
    "scan": lambda: all_scans(500) + bar_scans(3_000),
    "session": session_figures,
    "orders": order_figures,
    "flatten": flatten_figures,
    "year": lambda: year_figures(250),
}
_COMMANDS = {"pages": "bench_pages", "dump": "bench_dump"}
_MODULES = {
    "feed": (
        "marketdata.kite.bench_decode",
        "marketdata.kite.bench_feed",
        "trading.bench_feed",
    ),
    "tape": ("marketdata.kite.bench_raw_tape",),
}
"""Measured in processes of their own, which print what they find."""


class Command(BaseCommand):
    """Measure and print; nothing is judged."""

    help = "Measure what the desk costs in time and memory (docs/benchmarks.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what",
            nargs="?",
            choices=("desk", *_FIGURES, *_COMMANDS, *_MODULES, "guard", "all"),
            default="desk",
            help="what is measured",
        )
        parser.add_argument(
            "--json",
            nargs="?",
            const="-",
            metavar="OUT",
            help="tell one JSON object instead: into a file, or printed (not feed, tape, guard)",
        )
        parser.add_argument(
            "--seconds", type=int, default=20, help="how long frames are sent (feed)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        what, out = options["what"], options["json"]
        if out is not None and what in (*_MODULES, "guard"):
            raise CommandError(f"--json: {what} tells lines only", returncode=2)
        if what in _COMMANDS:
            told = StringIO()
            call_command(_COMMANDS[what], json=out is not None, stdout=told)
            self._put(told.getvalue().rstrip("\n"), out)
        elif what in _MODULES:
            for module in _MODULES[what]:
                self._run(module, options["seconds"])
        elif what == "guard":
            self._guard()
        else:
            self._tell(self._measured(what), out)

    def _measured(self, what: str) -> list[Figure]:
        if what == "desk":
            return scan_figures(SCANNED) + scan_figures(HEADLESS) + self._memory()
        names = tuple(_FIGURES) if what == "all" else (what,)
        try:
            return [figure for name in names for figure in _FIGURES[name]()]
        except NotTheSameError as error:
            raise CommandError(str(error), returncode=1) from error
        except subprocess.CalledProcessError as error:
            raise CommandError(f"{error}\n{error.stderr}", returncode=1) from error

    def _tell(self, figures: list[Figure], out: str | None) -> None:
        self._put(table_of(figures, as_json=out is not None), out)

    def _put(self, text: str, out: str | None) -> None:
        if out in (None, "-"):
            self.stdout.write(text)
            return
        try:
            Path(str(out)).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"--json: {error}", returncode=2) from error

    def _guard(self) -> None:
        try:
            measured = guard(read_recorded(RECORDED))
        except (GuardFileError, NotTheSameError) as error:
            raise CommandError(str(error), returncode=2) from error
        for one in measured:
            self.stdout.write(str(one))
        slow = [one.name for one in measured if not one.passes]
        if slow:
            raise CommandError(f"slower than recorded: {', '.join(slow)}", returncode=1)

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
