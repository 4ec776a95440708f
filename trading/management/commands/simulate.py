"""`manage.py simulate`: made days on which everything goes wrong, lived by the whole desk."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.simulation.batch import (
    Outcome,
    SeedsError,
    kinds_of,
    names_of,
    outcomes,
    report_of,
)


class Command(BaseCommand):
    """Play days of seeds with faults; tell those on which something did not hold."""

    help = "Live through simulated days with faults (docs/simulation.md)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seeds", required=True, help="A..B, or one number")
        parser.add_argument("--days", type=int, default=1, help="days of each seed")
        parser.add_argument("--faults", default="all", help="all, none, or names with commas")
        parser.add_argument("--out", help="folder for the summary and failing days' stories")
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            names, kinds = names_of(options["seeds"], options["days"]), kinds_of(options["faults"])
        except SeedsError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["jobs"] < 1:
            raise CommandError(f"--jobs: {options['jobs']}, expected 1 or more", returncode=2)
        out = Path(options["out"]) if options["out"] else None
        if out is not None and out.exists() and not out.is_dir():
            raise CommandError(f"--out: {out} is a file, expected a folder", returncode=2)
        began = time.monotonic()
        found: list[Outcome] = []
        for outcome in outcomes(names, kinds, options["jobs"]):
            found.append(outcome)
            if outcome.smallest is not None:
                self._tell(outcome, out)
        summary = _summary(options, found, time.monotonic() - began)
        self._sum_up(summary, out)
        if summary["failed"]:
            sys.exit(1)

    def _tell(self, outcome: Outcome, out: Path | None) -> None:
        lines = report_of(outcome)
        self.stdout.write("\n".join(lines) + "\n")
        if out is not None and outcome.smallest is not None:
            out.mkdir(parents=True, exist_ok=True)
            whole = "\n".join((*lines, "", "the whole story:", *outcome.smallest.story))
            (out / f"day-{outcome.told.name}.txt").write_text(whole + "\n", encoding="utf-8")

    def _sum_up(self, summary: dict[str, Any], out: Path | None) -> None:
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
        self.stdout.write(
            f"{summary['days']} days, {summary['events']:,} events, {summary['orders']:,} orders, "
            f"{summary['lives']:,} lives in {summary['seconds']} s "
            f"({summary['days_a_minute']} a minute); longest without cover "
            f"{summary['longest_bare_seconds']} s; failed: {', '.join(summary['failed']) or 'none'}"
        )


def _summary(options: dict[str, Any], found: list[Outcome], seconds: float) -> dict[str, Any]:
    told = [outcome.told for outcome in found]
    struck: dict[str, int] = {}
    for day in told:
        for trouble in day.troubles:
            struck[trouble.kind] = struck.get(trouble.kind, 0) + 1
    return {
        "seeds": options["seeds"],
        "faults": options["faults"],
        "days": len(told),
        "seconds": round(seconds, 1),
        "days_a_minute": round(len(told) * 60 / max(seconds, 0.001)),
        "events": sum(day.events for day in told),
        "orders": sum(day.orders for day in told),
        "fills": sum(day.fills for day in told),
        "plans": sum(day.plans for day in told),
        "lives": sum(day.lives for day in told),
        "longest_bare_seconds": round(max((day.longest_bare for day in told), default=0.0), 1),
        "troubles": dict(sorted(struck.items())),
        "failed": [outcome.told.name for outcome in found if outcome.smallest is not None],
    }
