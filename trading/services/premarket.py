"""Before the session: is there a token, and are the day's instruments, bans and events in place?

Each part is checked whole before it replaces anything; what was good before stays good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from marketdata.calendar import Calendar
from marketdata.dated import FactMissing
from marketdata.events import load_events
from marketdata.instrument_dump import DumpError, DumpRules, parse_dump
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tape import TapeReader
from marketdata.universe import UniverseError, UniverseSettings, build_universe
from trading.models import BanList, ReportKind, RunMode
from trading.models import Instrument as InstrumentRow
from trading.services import instruments, reports
from trading.services.ban_list import BanListError, read_ban_list, store_ban_list
from trading.services.instruments import InstrumentListError
from trading.services.reports import Findings
from trading.services.seed import sync_calendar
from trading.services.task_runs import Occasion, Result

BY = "premarket"
_MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the day's lists come from; None for a list that isn't to be had here.

    `least_instruments` and `indices` make a dump believable.
    """

    dump: Path | None
    ban_list: Path | None
    least_instruments: int = 1_000
    indices: frozenset[str] = frozenset({"NIFTY", "BANKNIFTY"})

    @property
    def are_empty(self) -> bool:
        """Say whether there is no source at all."""
        return self.dump is None and self.ban_list is None


class _PartError(Exception):
    """One part of the sync did not come about; the others go on."""


def token_check(occasion: Occasion) -> Result:
    """Say whether the broker's access token will do for the day; paper needs none."""
    if occasion.run is None or occasion.run.mode == RunMode.PAPER.value:
        return Result.done("not needed in paper")
    return Result.skipped(f"run {occasion.run.code} is a {occasion.run.mode}")


def premarket_sync(occasion: Occasion, sources: Sources) -> Result:
    """Take over the day's instruments, bans, holidays and events, and say what is watched.

    A part that fails leaves its last good state and is named; the task then counts as failed.
    """
    if occasion.run is None and sources.are_empty:
        return Result.skipped("no instrument dump, no ban list and no run of the day")
    done, failed = [], []
    parts: tuple[Callable[[], str], ...] = (
        lambda: _instruments(occasion, sources),
        lambda: _bans(occasion, sources),
        _calendar,
        lambda: _universe(occasion),
    )
    for part in parts:
        try:
            done.append(part())
        except _PartError as error:
            failed.append(str(error))
    text = "; ".join(failed + done)
    return Result.failed(text) if failed else Result.done(text)


def _instruments(occasion: Occasion, sources: Sources) -> str:
    day = occasion.day
    try:
        if sources.dump is not None and occasion.run is None:
            rules = DumpRules(day, sources.least_instruments, sources.indices)
            found, source = parse_dump(sources.dump, rules).instruments, sources.dump.name
        elif occasion.run is not None and occasion.run.tape_path:
            head = TapeReader(Path(occasion.run.tape_path)).head
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


def _last_good(occasion: Occasion) -> str:
    rows = InstrumentRow.objects.filter(day__lte=occasion.day).order_by("-day")
    last = rows.values_list("day", flat=True).first()
    return f"kept the list of {last}" if last else "there is no earlier list"


def _bans(occasion: Occasion, sources: Sources) -> str:
    if sources.ban_list is None or occasion.run is not None:
        return "bans: no source"
    try:
        symbols = read_ban_list(sources.ban_list, occasion.day)
    except BanListError as error:
        raise _PartError(f"bans: {error}") from error
    store_ban_list(symbols=symbols, on=occasion.day, source=sources.ban_list.name, by=BY)
    return f"bans: {len(symbols)}"


def _calendar() -> str:
    calendar = Calendar.load()
    holidays, specials, events = sync_calendar(
        data=calendar.data, announcements=load_events(), by=BY
    )
    return f"calendar: {holidays} holidays, {specials} special sessions, {events} events"


def _universe(occasion: Occasion) -> str:
    """Store which columns the day's list gives: indices, their near futures, a tape's shares."""
    rows = InstrumentRow.objects.filter(day=occasion.day, is_listed=True)
    listed = tuple(_value(row) for row in rows)
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
        banned=frozenset(bans.symbols) if bans else None if occasion.run is None else frozenset(),
        most_columns=_MOST_COLUMNS,
    )


def _value(row: InstrumentRow) -> Instrument:
    return Instrument(
        token=row.token,
        exchange=Exchange(row.exchange),
        symbol=row.symbol,
        name=row.name,
        kind=Kind(row.kind),
        lot_size=row.lot_size,
        tick_size=row.tick_size,
        expiry=row.expiry,
        strike=row.strike,
        freeze_quantity=row.freeze_quantity,
        made_from=row.made_from,
    )
