"""`make drills`: days of drills on a desk of their own; the report goes to `var/drills`.

The servers must be up; `make drills` starts some that end with it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "aitrapp.settings.test"

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from tests.drills.crash import crash_day  # noqa: E402
from tests.drills.processes import ALL, HASTY, PACE, SOME, process_day  # noqa: E402
from tests.drills.report import Drill, table, write  # noqa: E402


def main() -> int:
    """Live the drills and return 0 where no order was sent twice and all books agree."""
    parser = argparse.ArgumentParser(prog="make drills")
    parser.add_argument("--kills", type=int, default=20, help="of a LIVE engine, of each kind")
    parser.add_argument("--crashes", action="store_true", help="the LIVE engine's alone")
    parser.add_argument("--days", type=int, default=1, help="of the LIVE engine's drills")
    parser.add_argument("--short", action="store_true", help="a few minutes' worth of each")
    parser.add_argument("--out", type=Path, default=Path("var/drills"), help="for the report")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    drills: list[Drill] = []
    kills = 1 if options.short else options.kills
    for _ in range(options.days):
        with tempfile.TemporaryDirectory(prefix="drills-") as folder:
            drills += asyncio.run(crash_day(Path(folder), settings, kills))
    if not options.crashes:
        drills += process_day(SOME, HASTY) if options.short else process_day(ALL, PACE)
    path = write(options.out, drills)
    sys.stdout.write(
        f"{table(drills)}\n\n{path}\n{path.read_text().partition('to_protected')[2]}\n"
    )
    return int(any(drill.twice or drill.differences for drill in drills))


if __name__ == "__main__":
    sys.exit(main())
