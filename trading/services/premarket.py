"""Before the session: is there a token, and are the day's instruments, bans and events in place?

Each part is checked whole before it replaces anything; what was good before stays good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Protocol

from django.conf import settings

from marketdata.calendar import IST, Calendar
from marketdata.dated import FactMissing
from marketdata.dump_checks import rules_on
from marketdata.events import load_events, unlisted
from marketdata.instrument_dump import DumpError, DumpRules, parse_dump
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.live_universe import LiveUniverse, LiveUniverseSettings
from marketdata.sources import SourceFailed
from marketdata.universe import UniverseError, UniverseSettings, build_universe
from trading import selectors
from trading.bootstrap_tapes import open_tape
from trading.config import KIND
from trading.models import BanList, ReportKind, RunMode
from trading.models import Instrument as InstrumentRow
from trading.services import broker_login, instrument_files, instruments, reports
from trading.services.ban_list import BanListError, read_ban_list, store_ban_list
from trading.services.instruments import InstrumentListError
from trading.services.live_day import LiveDayError, LivePlan, watch_of
from trading.services.reports import Findings
from trading.services.seed import sync_calendar
from trading.services.task_runs import Occasion, Result

BY = "premarket"
_LOGIN_UNTIL = time(18, 0)
_MOST_COLUMNS = 200


class Morning(Protocol):
    """What the broker is asked before the session."""

    @property
    def is_practice(self) -> bool:
        """Say whether it is a broker of our own, with a market as small as it likes."""

    def files(self) -> Mapping[Exchange, bytes]:
        """Return the instrument files. Raises `SourceFailed`."""

    def universe(self, plan: LivePlan) -> LiveUniverse:
        """Return what a plan watches, shares ranked. Raises `SourceFailed`, `LiveDayError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the day's lists come from; None for a list that isn't to be had here.

    `least_instruments` and `indices` make a dump believable. A `broker` goes before a dump;
    `watch` says what is watched of its market, None for what the active configuration says.
    """

    dump: Path | None
    ban_list: Path | None
    broker: Morning | None = None
    watch: LiveUniverseSettings | None = None
    least_instruments: int = 1_000
    indices: frozenset[str] = frozenset({"NIFTY", "BANKNIFTY"})

    @property
    def are_empty(self) -> bool:
        """Say whether there is no source at all."""
        return self.dump is None and self.ban_list is None and self.broker is None


class _PartError(Exception):
    """One part of the sync did not come about; the others go on."""


def token_check(occasion: Occasion) -> Result:
    """Say whether the broker's access token will do for the day; made days need none.

    Without one the task fails, which alarms: a person has to log in.
    """
    if occasion.run is not None and occasion.run.mode != RunMode.PAPER.value:
        return Result.skipped(f"run {occasion.run.code} is a {occasion.run.mode}")
    if occasion.run is not None or not settings.KITE_API_KEY:
        return Result.done("not needed in paper")
    why = _login_shortfall(occasion)
    return Result.failed(why) if why else Result.done("logged in at the broker for the day")


def premarket_sync(occasion: Occasion, sources: Sources) -> Result:
    """Take over the day's instruments, bans, holidays and events, and say what is watched.

    A part that fails leaves its last good state and is named; the task then counts as failed.
    """
    if occasion.run is None and sources.are_empty:
        return Result.skipped("no instrument dump, no ban list and no run of the day")
    done, failed = [], []
    parts: tuple[Callable[[], str], ...] = (
        lambda: _login(occasion),
        lambda: _instruments(occasion, sources),
        lambda: _bans(occasion, sources),
        lambda: _calendar(occasion),
        lambda: _universe(occasion, sources),
    )
    for part in parts:
        try:
            done.append(part())
        except _PartError as error:
            failed.append(str(error))
    text = "; ".join(failed + done)
    return Result.failed(text) if failed else Result.done(text)


def _login_shortfall(occasion: Occasion) -> str:
    until = datetime.combine(occasion.day, _LOGIN_UNTIL, tzinfo=IST)
    return broker_login.shortfall(until, occasion.at)


def _login(occasion: Occasion) -> str:
    if occasion.run is not None or not settings.KITE_API_KEY:
        return "login: not needed"
    why = _login_shortfall(occasion)
    if why:
        raise _PartError(f"login: {why}")
    return "login: good for the day"


def _instruments(occasion: Occasion, sources: Sources) -> str:
    day = occasion.day
    if sources.broker is not None and occasion.run is None:
        return _brokers_instruments(occasion, sources.broker)
    try:
        if sources.dump is not None and occasion.run is None:
            rules = DumpRules(day, sources.least_instruments, sources.indices)
            found, source = parse_dump(sources.dump, rules).instruments, sources.dump.name
        elif occasion.run is not None and occasion.run.tape_path:
            head = open_tape(Path(occasion.run.tape_path)).head
            found, source = head.instruments, head.made_by
        else:
            return "instruments: no source"
        report = instruments.sync(instruments=found, on=day, source=source[:100])
    except (DumpError, FactMissing, InstrumentListError, OSError) as error:
        raise _PartError(f"instruments: {error}; {_last_good(occasion)}") from error
    return (
        f"instruments: {report.total} listed, {report.added} new,"
        f" {report.changed} changed, {report.left_out} left out"
    )


def _brokers_instruments(occasion: Occasion, broker: Morning) -> str:
    try:
        rules = rules_on(occasion.day, practice=broker.is_practice)
        taken = instrument_files.take_over(broker.files(), rules, instrument_files.SOURCE)
    except (SourceFailed, DumpError, FactMissing, InstrumentListError) as error:
        raise _PartError(f"instruments: {error}; {_last_good(occasion)}") from error
    report, dump = taken.report, taken.dump
    rows = ", ".join(f"{rows} {reason}" for reason, rows in dump.dropped.items())
    doubts = "".join(f", doubtful: {doubt}" for doubt in dump.doubts)
    return (
        f"instruments: {report.total} listed, {report.added} new, {report.changed} changed,"
        f" {report.left_out} left out; rows not used: {rows or 'none'}{doubts}"
    )


def _last_good(occasion: Occasion) -> str:
    state = instrument_files.list_state(occasion.day)
    if state.day is None:
        return "there is no earlier list"
    return f"kept the list of {state.day}{', which is stale' if state.is_stale else ''}"


def _bans(occasion: Occasion, sources: Sources) -> str:
    if sources.ban_list is None or occasion.run is not None:
        return "bans: no source"
    try:
        symbols = read_ban_list(sources.ban_list, occasion.day)
    except BanListError as error:
        raise _PartError(f"bans: {error}") from error
    store_ban_list(symbols=symbols, on=occasion.day, source=sources.ban_list.name, by=BY)
    return f"bans: {len(symbols)}"


def _calendar(occasion: Occasion) -> str:
    """Bring the calendar's rows up to its files; say of which events nothing is known that day."""
    calendar = Calendar.load()
    holidays, specials, events = sync_calendar(
        data=calendar.data, announcements=load_events(), by=BY
    )
    missing = ", ".join(unlisted(occasion.day))
    without = f"; no list of {missing} for {occasion.day}" if missing else ""
    return f"calendar: {holidays} holidays, {specials} special sessions, {events} events{without}"


def _universe(occasion: Occasion, sources: Sources) -> str:
    """Store which columns the day's list gives: indices, their near futures, a tape's shares."""
    if sources.broker is not None and occasion.run is None:
        return _brokers_universe(occasion, sources, sources.broker)
    rows = InstrumentRow.objects.filter(day=occasion.day, is_listed=True)
    listed = tuple(instrument_files.value_of(row) for row in rows)
    if not listed:
        return "universe: nothing listed"
    bans = BanList.objects.filter(day=occasion.day).first()
    try:
        universe = build_universe(listed, occasion.day, _settings(listed, bans, occasion))
    except UniverseError as error:
        raise _PartError(f"universe: {error}") from error
    document = {
        "columns": [
            {"instrument": column.instrument.key, "scanned": column.scanned, "why": column.why}
            for column in universe.columns
        ],
        "left_out": dict(Counter(why for _, why in universe.left_out)),
        "blocked": sorted(universe.blocked),
    }
    text = f"universe: {len(universe.columns)} columns"
    findings = Findings(document=document, text=text, is_good=True)
    reports.store(ReportKind.UNIVERSE, day=occasion.day, run=occasion.run, findings=findings)
    return text


def _brokers_universe(occasion: Occasion, sources: Sources, broker: Morning) -> str:
    """Store what a live day would watch, and why, by the prices there are in the morning."""
    bans = BanList.objects.filter(day=occasion.day).first()
    watch = sources.watch or _watch()
    plan = LivePlan(
        day=occasion.day,
        listed=instrument_files.listed(occasion.day, watch.chains),
        settings=watch,
        traded_value={},
        banned=frozenset(bans.symbols) if bans else None,
        calendar=Calendar.load(),
    )
    if not plan.listed:
        return "universe: nothing listed"
    try:
        universe = broker.universe(plan)
    except (SourceFailed, LiveDayError, UniverseError) as error:
        raise _PartError(f"universe: {error}") from error
    document = {
        "columns": [{"instrument": key, "why": why} for key, why in universe.why.items()],
        "left_out": universe.reasons(),
        "blocked": sorted(universe.blocked),
    }
    capped = f", {universe.capped} over the cap" if universe.capped else ""
    text = f"universe: {len(universe.instruments)} instruments{capped}"
    findings = Findings(document=document, text=text, is_good=not universe.capped)
    reports.store(ReportKind.UNIVERSE, day=occasion.day, run=None, findings=findings)
    return text


def _watch() -> LiveUniverseSettings:
    version = selectors.active_config(KIND)
    try:
        return LiveUniverseSettings() if version is None else watch_of(version.content)
    except LiveDayError as error:
        raise _PartError(f"universe: {error}") from error


def _settings(
    listed: tuple[Instrument, ...], bans: BanList | None, occasion: Occasion
) -> UniverseSettings:
    """Return what to watch. Shares are ranked by turnover, which only a tape's list can do without.

    A tape holds the shares that are to be watched; of a whole dump none is taken at random.
    """
    indices = {item.name for item in listed if item.kind is Kind.INDEX}
    with_future = {item.name for item in listed if item.kind is Kind.FUTURE}
    shares = [item.symbol for item in listed if item.kind is Kind.EQUITY] if occasion.run else []
    return UniverseSettings(
        indices=tuple(sorted(indices & with_future)),
        watched=tuple(sorted(indices - with_future)) if occasion.run else (),
        futures_per_index=1,
        stocks=len(shares),
        traded_value=dict.fromkeys(shares, 0.0),
        least_traded_value=0.0,
        needs_derivatives=False,
        banned=frozenset(bans.symbols) if bans else None,
        most_columns=_MOST_COLUMNS,
    )
