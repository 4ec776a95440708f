"""`manage.py screen`: one strategy with many parameter sets over a folder of bars."""

from __future__ import annotations

import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.calendar import Calendar, CalendarUnknown
from marketdata.dated import FactMissing
from marketdata.history import HistoryError
from strategies.registry import StrategyConfigError
from trading.config import ConfigError
from trading.research.assumptions import screen_assumptions
from trading.research.backtest import Request, first_place
from trading.research.coverage import coverage_of, sessions_asked, told, without_a_bar
from trading.research.listings import ListingError
from trading.research.profiles import Profile, Wishes
from trading.research.screen import Screened, prepare, screen
from trading.research.screen_files import Row, row_of, write_basis, write_screen, write_trades
from trading.research.screen_grid import sets_of
from trading.research.screen_money import earned, terms_of

_BAD_INPUT = (
    CalendarUnknown,
    ConfigError,
    FactMissing,
    HistoryError,
    ListingError,
    StrategyConfigError,
)
_AMPLE = Decimal(10**12)
_SHOWN = 5


class Command(BaseCommand):
    """Try parameter sets of one strategy, without limits, ranking or capital."""

    help = "Screen parameter sets of a strategy on a folder of one-minute bars."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bars", required=True, help="folder of <SYMBOL>.parquet files")
        parser.add_argument("--strategy", required=True, help="one that trades on bars alone")
        parser.add_argument("--from", dest="first", required=True, help="first day, YYYY-MM-DD")
        parser.add_argument("--to", dest="last", required=True, help="last day, YYYY-MM-DD")
        parser.add_argument("--out", required=True, help="folder for the results")
        parser.add_argument(
            "--grid", action="append", nargs="+", default=[], metavar="KEY=A,B", dest="grid"
        )
        parser.add_argument(
            "--set", action="append", nargs="+", default=[], metavar="KEY=VALUE", dest="wished"
        )
        parser.add_argument("--symbols", help="only these, separated by commas")
        parser.add_argument("--lots", action="store_true", help="one lot a trade, not one unit")
        parser.add_argument("--charges", action="store_true", help="with the charges of the day")

    def handle(self, *args: Any, **options: Any) -> None:
        out = Path(options["out"])
        if out.exists() and not out.is_dir():
            raise CommandError(f"--out: {out} is a file, expected a folder", returncode=2)
        try:
            self._run(options, out)
        except _BAD_INPUT as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(f"--out: {error}", returncode=2) from error

    def _run(self, options: dict[str, Any], out: Path) -> None:
        request = _request(options)
        grid = [text for group in options["grid"] for text in group]
        screened = prepare(request)
        sets = sets_of(options["strategy"], grid)
        terms = terms_of(
            screened.market,
            lots=options["lots"],
            charged=options["charges"],
            times=screened.config.execution.fixed_units,
        )
        began = time.monotonic()
        rows: list[Row] = []
        for trades in screen(screened, sets, self._progress):
            money = earned(trades, terms)
            rows.append(row_of(trades, money))
            if len(sets) == 1:
                write_trades(out, screened, trades, money)
        write_screen(out, sets, rows)
        self._show_basis(out, screened, request, options)
        best = sorted(range(len(rows)), key=lambda at: -rows[at].net_r)[:_SHOWN]
        for at in best:
            wished = ", ".join(f"{key}={value}" for key, value in sets[at].items())
            row = rows[at]
            won = "none" if row.win_rate is None else f"{row.win_rate:.1%}"
            self.stdout.write(
                f"{wished or 'as given'}: {row.trades} trades, {won} won, "
                f"{row.net_r:.2f} R, net {row.net:,.2f} INR, {row.net_worst:,.2f} to "
                f"{row.net_best:,.2f} at the worst and best prices of its minutes"
            )
        seconds = time.monotonic() - began
        self.stdout.write(f"{out / 'screen.csv'}: {len(rows)} sets ({seconds:.1f} s)")

    def _show_basis(
        self, out: Path, screened: Screened, request: Request, options: dict[str, Any]
    ) -> None:
        """Tell and write down what the files held, and what is taken for granted."""
        asked = sessions_asked(request.first, request.last, Calendar.load())
        coverage = coverage_of(screened.market, first_place(screened.market, request), asked)
        assumed = screen_assumptions(charged=options["charges"], lots=options["lots"])
        write_basis(out, coverage, assumed)
        for item in coverage:
            self.stdout.write(told(item))
        for text in without_a_bar(screened.market, asked):
            self.stderr.write(f"warning: {text}")
        for text in assumed:
            self.stdout.write(f"assumed: {text}")

    def _progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done}/{total} sets" + ("\n" if done == total else ""))
            sys.stderr.flush()


def _request(options: dict[str, Any]) -> Request:
    first, last = _day("--from", options["first"]), _day("--to", options["last"])
    if last < first:
        raise CommandError(f"--to: {last} is before --from {first}", returncode=2)
    symbols = options["symbols"]
    return Request(
        folder=Path(options["bars"]),
        symbols=tuple(symbols.split(",")) if symbols else None,
        first=first,
        last=last,
        wishes=Wishes(
            profile=Profile.PLAIN,
            strategies=(options["strategy"],),
            capital_inr=_AMPLE,
            document={},
            settings=tuple(text for group in options["wished"] for text in group),
        ),
    )


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{option}: {text!r}, expected YYYY-MM-DD", returncode=2) from error
