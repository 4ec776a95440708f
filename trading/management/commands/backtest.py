"""`manage.py backtest`: the engine over a folder of bars, without database, broker or network."""

from __future__ import annotations

import sys
import time
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.calendar import CalendarUnknown
from marketdata.dated import FactMissing
from marketdata.history import HistoryError
from trading.config import ConfigError, load
from trading.research.assumptions import assumptions_of
from trading.research.backtest import Request, Result, backtest
from trading.research.coverage import told
from trading.research.listings import ListingError
from trading.research.profiles import Profile, Wishes
from trading.research.report_files import write_report

_BAD_INPUT = (ConfigError, HistoryError, ListingError, CalendarUnknown, FactMissing)
_WIDTH = 30


class Command(BaseCommand):
    """Trade recorded bars with the engine that trades live, and write down what came of it."""

    help = "Backtest strategies on a folder of one-minute bars (docs/backtesting.md)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bars", required=True, help="folder of <SYMBOL>.parquet files")
        parser.add_argument("--strategies", required=True, help="names, separated by commas")
        parser.add_argument("--from", dest="first", required=True, help="first day, YYYY-MM-DD")
        parser.add_argument("--to", dest="last", required=True, help="last day, YYYY-MM-DD")
        parser.add_argument("--capital", required=True, help="rupees at the start")
        parser.add_argument("--out", required=True, help="folder for the results")
        parser.add_argument(
            "--set", action="append", nargs="+", default=[], metavar="KEY=VALUE", dest="wished"
        )
        parser.add_argument(
            "--profile", choices=[str(profile) for profile in Profile], default=Profile.DEFAULT
        )
        parser.add_argument("--config", help="TOML file with the desk's configuration")
        parser.add_argument("--symbols", help="only these, separated by commas")
        parser.add_argument(
            "--every-frame", action="store_true", help="skip nothing: slower, the same decisions"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out = Path(options["out"])
        if out.exists() and not out.is_dir():
            raise CommandError(f"--out: {out} is a file, expected a folder", returncode=2)
        began = time.monotonic()
        try:
            result = backtest(_request(options), self._progress)
            write_report(result, out)
        except _BAD_INPUT as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(f"--out: {error}", returncode=2) from error
        self._show(result, out, time.monotonic() - began)

    def _progress(self, done: int, total: int, balance: Decimal) -> None:
        if sys.stderr.isatty():
            full = _WIDTH * done // total
            bar = "█" * full + "·" * (_WIDTH - full)
            end = "\n" if done == total else ""
            sys.stderr.write(f"\r{bar} {done}/{total} sessions  ₹{balance:,.2f}  {end}")
            sys.stderr.flush()

    def _show(self, result: Result, out: Path, seconds: float) -> None:
        totals, ratios = result.totals, result.ratios
        for item in result.coverage:
            self.stdout.write(told(item))
        for text in assumptions_of(result):
            self.stdout.write(f"assumed: {text}")
        for text in result.warnings:
            self.stderr.write(f"warning: {text}")
        factor = "-" if totals.profit_factor is None else f"{totals.profit_factor:.2f}"
        self.stdout.write(
            f"{len(result.days)} sessions, {totals.trades} trades, {totals.wins} won, net "
            f"{totals.net:,.2f} INR after {totals.charges:,.2f} charges, profit factor {factor}, "
            f"greatest drawdown {ratios.max_drawdown:.2%}"
        )
        for text in result.fills.lines:
            self.stdout.write(text)
        self.stdout.write(f"{out / 'report.html'} ({seconds:.1f} s)")


def _request(options: dict[str, Any]) -> Request:
    first, last = _day("--from", options["first"]), _day("--to", options["last"])
    if last < first:
        raise CommandError(f"--to: {last} is before --from {first}", returncode=2)
    symbols = options["symbols"]
    return Request(
        folder=Path(options["bars"]),
        symbols=_names("--symbols", symbols) if symbols else None,
        first=first,
        last=last,
        wishes=Wishes(
            profile=Profile(options["profile"]),
            strategies=_names("--strategies", options["strategies"]),
            capital_inr=_rupees(options["capital"]),
            document=load(Path(options["config"])) if options["config"] else {},
            settings=tuple(text for group in options["wished"] for text in group),
        ),
        every_frame=options["every_frame"],
    )


def _names(option: str, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if "" in names:
        raise CommandError(f"{option}: {text!r}, expected names separated by commas", returncode=2)
    return names


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{option}: {text!r}, expected YYYY-MM-DD", returncode=2) from error


def _rupees(text: str) -> Decimal:
    try:
        rupees = Decimal(text)
    except InvalidOperation:
        rupees = Decimal(0)
    if not rupees.is_finite() or rupees <= 0:
        raise CommandError(f"--capital: {text!r}, expected rupees above 0", returncode=2)
    return rupees
