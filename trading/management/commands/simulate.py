"""`manage.py simulate`: made days on which everything goes wrong, lived by the whole desk."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.simulation.batch import (
    Outcome,
    SeedsError,
    kinds_of,
    names_of,
    outcomes,
    report_of,
)
from trading.simulation.results import SUMMARY, Basis, Results, code_digest, result_of


class Command(BaseCommand):
    """Play days of seeds with faults; tell those on which something did not hold."""

    help = "Live through simulated days with faults (docs/simulation.md)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seeds", required=True, help="A..B, or one number")
        parser.add_argument("--days", type=int, default=1, help="days of each seed")
        parser.add_argument("--faults", default="all", help="all, none, or names with commas")
        parser.add_argument("--out", help="folder for results and failing days' stories")
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
        parser.add_argument("--every", type=int, default=500, help="days between two reports")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            names, kinds = names_of(options["seeds"], options["days"]), kinds_of(options["faults"])
        except SeedsError as error:
            raise CommandError(str(error), returncode=2) from error
        for name in ("jobs", "every"):
            if options[name] < 1:
                told = f"--{name}: {options[name]}, expected 1 or more"
                raise CommandError(told, returncode=2)
        out = Path(options["out"]) if options["out"] else None
        if out is not None and out.exists() and not out.is_dir():
            raise CommandError(f"--out: {out} is a file, expected a folder", returncode=2)
        code = code_digest(Path(settings.PROJECT_ROOT))
        results = Results(out, Basis(code, ",".join(sorted(kinds)) or "none"))
        missing = results.missing(names)
        if len(missing) < len(names):
            self.stdout.write(f"{len(names) - len(missing):,} of {len(names):,} days are there")
        began = time.monotonic()
        self._play(results, outcomes(missing, kinds, options["jobs"]), options["every"])
        self._sum_up(results, len(missing), time.monotonic() - began)

    def _play(self, results: Results, played: Iterator[Outcome], every: int) -> None:
        """Keep what days come to as they end, and tell every so often how far it is."""
        began = time.monotonic()
        for count, outcome in enumerate(played, start=1):
            results.add(result_of(outcome))
            self._tell(outcome, results.folder)
            if count % every == 0:
                self._tell_sum(results.summary(), count, time.monotonic() - began)

    def _tell(self, outcome: Outcome, out: Path | None) -> None:
        if outcome.smallest is None:
            return
        lines = report_of(outcome)
        self.stdout.write("\n".join(lines) + "\n")
        if out is not None:
            whole = "\n".join((*lines, "", "the whole story:", *outcome.smallest.story))
            (out / f"day-{outcome.told.name}.txt").write_text(whole + "\n", encoding="utf-8")

    def _sum_up(self, results: Results, count: int, seconds: float) -> None:
        """Tell and keep what all days of the folder came to; end with code 1 where one failed."""
        summary = results.summary()
        if results.folder is not None:
            text = json.dumps(summary, indent=2)
            (results.folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
        self._tell_sum(summary, count, seconds)
        if summary["failed"]:
            sys.exit(1)

    def _tell_sum(self, summary: dict[str, Any], count: int, seconds: float) -> None:
        self.stdout.write(
            f"{summary['days']:,} days, {summary['events']:,} events, "
            f"{summary['orders']:,} orders, {summary['lives']:,} lives; {count:,} days now in "
            f"{seconds:.1f} s ({count * 60 / max(seconds, 0.001):.0f} a minute); longest without "
            f"cover {summary['longest_bare_seconds']} s; "
            f"failed: {', '.join(summary['failed']) or 'none'}"
        )
        self.stdout.flush()
