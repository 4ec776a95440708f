"""The day's instrument files of all exchanges: checked together, taken over or left alone.

Putting a list in place is `instruments.py`; fetching the files and what makes them believable is
`marketdata/dump_checks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from marketdata.dump_checks import DayDump, DayRules, day_dump
from marketdata.instrument_dump import DumpRules, read_dump
from marketdata.instruments import Exchange, Instrument, Kind
from trading.models import Instrument as InstrumentRow
from trading.services import instruments
from trading.services.instruments import SyncReport

SOURCE = "kite"


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What taking over the files did, and what in them was left out or is doubtful."""

    report: SyncReport
    dump: DayDump


@dataclass(frozen=True, slots=True)
class ListState:
    """How the instrument list of a day stands.

    `day`: whose list is in force, None without any; it is stale where that is an earlier day.
    """

    day: date | None
    count: int
    is_stale: bool

    def __str__(self) -> str:
        if self.day is None:
            return "there is no list"
        return f"{self.count} listed for {self.day}{', stale' if self.is_stale else ''}"


def take_over(files: Mapping[Exchange, bytes], rules: DayRules, source: str) -> TakenOver:
    """Make the files the list of the day: all of them, or none.

    Raises `DumpError` or `InstrumentListError` naming what is wrong; then the list that was
    there before still holds.
    """
    alone = DumpRules(rules.on, 0, frozenset())
    parsed = {
        exchange: read_dump(f"instruments of {exchange}", raw, alone)
        for exchange, raw in files.items()
    }
    dump = day_dump(parsed, rules, _last_good(rules.on, source))
    report = instruments.sync(instruments=dump.instruments, on=rules.on, source=source)
    return TakenOver(report, dump)


def list_state(on: date) -> ListState:
    """Return which list is in force on a day."""
    rows = InstrumentRow.objects.filter(day__lte=on, is_listed=True)
    day = rows.order_by("-day").values_list("day", flat=True).first()
    if day is None:
        return ListState(None, 0, is_stale=True)
    return ListState(day, rows.filter(day=day).count(), is_stale=day < on)


def listed(on: date, chains: tuple[str, ...]) -> tuple[Instrument, ...]:
    """Return what is listed on a day and could be watched, in the order of the files.

    That is all indices and futures, the shares of NSE, and the options of `chains`.
    """
    options = Q(kind__in=(Kind.CALL.value, Kind.PUT.value))
    elsewhere = Q(kind=Kind.EQUITY.value) & ~Q(exchange=Exchange.NSE.value)
    rows = InstrumentRow.objects.filter(day=on, is_listed=True).order_by("pk")
    wanted = rows.exclude(elsewhere).filter(~options | Q(name__in=chains))
    return tuple(value_of(row) for row in wanted.iterator(chunk_size=5_000))


def value_of(row: InstrumentRow) -> Instrument:
    """Return the instrument that a row tells."""
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


def _last_good(on: date, source: str) -> dict[Exchange, int]:
    """Return how many of the source's newest list up to a day are still to be expected."""
    rows = InstrumentRow.objects.filter(day__lte=on, source=source, is_listed=True)
    day = rows.order_by("-day").values_list("day", flat=True).first()
    if day is None:
        return {}
    alive = rows.filter(Q(expiry=None) | Q(expiry__gte=on), day=day)
    counts = alive.values("exchange").annotate(count=Count("pk")).order_by()
    return {Exchange(row["exchange"]): row["count"] for row in counts}
