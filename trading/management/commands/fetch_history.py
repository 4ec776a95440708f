"""`fetch_history`: candles of the sessions before today from Kite into the folder of bars.

What is there is not asked for again, so a broken download goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketdata.calendar import IST, Calendar, CalendarUnknown
from marketdata.dated import FactMissing
from marketdata.history import HistoryError
from marketdata.history_download import Step, StepReport, Target, carry_out, steps
from marketdata.history_plan import most_days, read_fetched
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.sources import Interval, LoginWanted
from trading.bootstrap_kite import KiteAccess
from trading.kite_reading import kite_access, kite_reading
from trading.progress import Progress
from trading.services.broker_login import NoSessionError
from trading.services.history_report import Download, told
from trading.services.instrument_files import list_state, listed

_GROUPS = {
    "indices": (Kind.INDEX,),
    "futures": (Kind.FUTURE,),
    "shares": (Kind.EQUITY,),
    "options": (Kind.CALL, Kind.PUT),
}
_INTERVALS = (Interval.MINUTE, Interval.FIVE_MINUTES, Interval.FIFTEEN_MINUTES)


class Command(BaseCommand):
    """Downloads history within Kite's limits."""

    help = "Download candles from Kite into Parquet files; what is there is not fetched again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("symbols", nargs="*", help="what to fetch; default: the groups")
        parser.add_argument(
            "--groups", nargs="+", choices=sorted(_GROUPS), default=["indices", "futures", "shares"]
        )
        parser.add_argument("--names", nargs="+", help="only of these underlyings")
        parser.add_argument("--sessions", type=int, default=20, help="the last so many sessions")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="first day")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last day")
        parser.add_argument("--interval", choices=[str(i) for i in _INTERVALS], default="minute")
        parser.add_argument("--out", type=Path, help="folder of bars (default: var/history)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            access = kite_access(timezone.now())
            target = _target(options)
            wanted = steps(_instruments(options), _sessions(options, target.calendar), target)
        except (NoSessionError, HistoryError, CalendarUnknown, FactMissing, ValueError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{len(wanted)} answers to be asked for, into {target.folder}")
        download = Download()
        try:
            asyncio.run(_download(access, target, wanted, download))
        except LoginWanted as error:
            raise CommandError(f"{error}; log in and call again", returncode=1) from error
        finally:
            self.stdout.write(told(download))
        if download.failures:
            raise CommandError(f"{len(download.failures)} answers failed; call again", returncode=1)


async def _download(
    access: KiteAccess, target: Target, wanted: tuple[Step, ...], download: Download
) -> None:
    progress = Progress(sys.stdout, len(wanted))
    async with kite_reading(access) as data:
        for step in wanted:
            report: StepReport = await carry_out(step, data.history, target)
            download.take(report)
            progress.step(step.symbol)
    progress.end()


def _target(options: dict[str, Any]) -> Target:
    interval = Interval(options["interval"])
    folder = options["out"] or Path(settings.PROJECT_ROOT) / "var" / "history"
    folder.mkdir(parents=True, exist_ok=True)
    return Target(
        folder=folder,
        fetched=read_fetched(folder, interval),
        calendar=Calendar.load(),
        most_days=most_days(interval, _today()),
    )


def _instruments(options: dict[str, Any]) -> tuple[Instrument, ...]:
    state = list_state(_today())
    if state.day is None:
        raise ValueError("instruments: there is no list yet; the morning's task fetches it")
    names = tuple(options["names"] or ())
    found = listed(state.day, names)
    if options["symbols"]:
        wanted = set(options["symbols"])
        picked = tuple(item for item in found if item.symbol in wanted or item.key in wanted)
        missing = wanted - {item.symbol for item in picked} - {item.key for item in picked}
        if missing:
            raise ValueError(f"symbols: {', '.join(sorted(missing))} not listed on {state.day}")
        return picked
    return tuple(_of_groups(found, options["groups"], names))


def _of_groups(
    found: tuple[Instrument, ...], groups: list[str], names: tuple[str, ...]
) -> Iterator[Instrument]:
    """Yield what belongs to the groups; of the shares those with futures."""
    kinds = {kind for group in groups for kind in _GROUPS[group]}
    with_futures = {item.name for item in found if item.kind is Kind.FUTURE}
    for item in found:
        if item.kind not in kinds or (names and item.name not in names):
            continue
        if item.kind is Kind.EQUITY and not names and item.name not in with_futures:
            continue
        if item.kind is not Kind.EQUITY or item.exchange is Exchange.NSE:
            yield item


def _sessions(options: dict[str, Any], calendar: Calendar) -> tuple[date, ...]:
    """Return the sessions asked for, oldest first; today's isn't over and never among them."""
    last = min(options["last"] or date.max, _today() - timedelta(days=1))
    if options["first"]:
        if options["first"] > last:
            raise ValueError(f"--from: {options['first']}, expected {last} or before")
        return tuple(calendar.trading_days(options["first"], last))
    if options["sessions"] < 1:
        raise ValueError(f"--sessions: {options['sessions']}, expected 1 or more")
    found = [last if calendar.is_trading_day(last) else calendar.previous_trading_day(last)]
    while len(found) < options["sessions"]:
        found.append(calendar.previous_trading_day(found[-1]))
    return tuple(reversed(found))


def _today() -> date:
    return timezone.now().astimezone(IST).date()
