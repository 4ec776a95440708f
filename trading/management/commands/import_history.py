"""`import_history`: bars of recorded files and of live days into the folder of bars."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketdata.calendar import Calendar, CalendarUnknown
from marketdata.history import HistoryError
from marketdata.history_import import import_bars
from marketdata.quality import ScreenSettings
from trading.bootstrap_tapes import NoTapeError, bars_of_raw_tape, is_raw


class Command(BaseCommand):
    """Imports history; may be repeated."""

    help = (
        "Bring bars into Parquet files, one a symbol: of a CSV (plain or gzip) with the columns "
        "symbol, ts, open, high, low, close, volume and oi, or of a live day's tape (.raw)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sources", nargs="+", type=Path, help="CSV files and raw tapes")
        parser.add_argument("--out", type=Path, help="folder of bars (default: var/history)")

    def handle(self, *_args: Any, sources: list[Path], **options: Any) -> None:
        folder = options["out"] or Path(settings.PROJECT_ROOT) / "var" / "history"
        for source in sources:
            try:
                for line in _taken(source, folder):
                    self.stdout.write(line)
            except (HistoryError, NoTapeError, CalendarUnknown) as error:
                raise CommandError(str(error), returncode=2) from error


def _taken(source: Path, folder: Path) -> Iterator[str]:
    """Yield what became of a source, in a line."""
    if is_raw(source):
        written = bars_of_raw_tape(source, ScreenSettings(), folder)
        bars = sum(file.bars for file in written)
        yield f"{source.name}: {bars:,} bars of {len(written)} instruments"
        return
    report = import_bars(source, folder, Calendar.load())
    left_out = ", ".join(f"{reason} {count:,}" for reason, count in report.dropped.items())
    yield (
        f"{source.name}: {report.written:,} of {report.rows:,} bars of "
        f"{len(report.symbols)} symbols, left out: {left_out or 'none'}"
    )
