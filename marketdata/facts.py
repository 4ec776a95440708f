"""Dated facts of contracts: lot, freeze and tick sizes, and the two names of an index.

Live, lot and tick come from the day's instrument dump; these tables serve data sets, backtests and
the limits that no dump carries. Sessions and expiries live in `calendar.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TypeVar

from marketdata.dated import Dated, Entry, FactMissing
from marketdata.instruments import Exchange, Kind
from marketdata.tables import DATA, DataFileError, Row, read_csv, read_toml

__all__ = [
    "Dated",
    "Entry",
    "FactMissing",
    "IndexName",
    "dated_table",
    "freeze_quantity",
    "index_by_name",
    "index_by_spot",
    "index_names",
    "lot_size",
    "tick_size",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IndexName:
    """An index: `spot` as the exchange writes it, `name` as its derivatives and data files do."""

    spot: str
    name: str
    exchange: Exchange
    derivatives: Exchange | None


@dataclass(frozen=True, slots=True)
class _Slab:
    up_to: Decimal | None
    tick: Decimal


def dated_table(
    rows: tuple[Row, ...], key: str, value: Callable[[Row], T], of: str = ""
) -> Mapping[str, Dated[T]]:
    """Gather rows into one `Dated` per text in `key`; any order, overlaps raise with the file.

    `of`: put before that text in messages, so that they tell which fact is meant.
    """
    grouped: dict[str, list[Entry[T]]] = {}
    for row in rows:
        grouped.setdefault(row.text(key), []).append(dated_entry(row, value(row)))
    return {name: dated(f"{of}{name}", entries) for name, entries in grouped.items()}


def dated(name: str, entries: list[Entry[T]]) -> Dated[T]:
    """Return the entries in order of their dates; an overlap raises `DataFileError`."""
    try:
        return Dated(name, tuple(sorted(entries, key=lambda entry: entry.valid_from)))
    except ValueError as error:
        raise DataFileError(str(error)) from error


def dated_entry(row: Row, value: T) -> Entry[T]:
    """Return `value` with the row's `valid_from`, `valid_to` and `source`."""
    end = row.day("valid_to") if row.has("valid_to") else None
    try:
        return Entry(row.day("valid_from"), end, value, row.text("source"))
    except ValueError as error:
        raise DataFileError(f"{row.where}: {error}") from error


def lot_size(name: str, expiry: date) -> int:
    """Return the units in one lot of contracts on `name` that expire on `expiry`.

    Sizes follow the contract's expiry, not the day of the trade. Raises `FactMissing` for an
    unknown underlying or an expiry no table covers.
    """
    lots = _lots()
    if name not in lots:
        raise FactMissing(f"lot size of {name}: not in lot_sizes.csv")
    return lots[name].at(expiry)


def freeze_quantity(name: str, on: date) -> int | None:
    """Return the largest quantity one order may carry, in units; need not be whole lots.

    None for an underlying without a row: the tables hold the indices only, the exchange's limit
    for a stock contract shows as a rejection. Raises `FactMissing` on a date before the table.
    """
    freezes = _freezes()
    return freezes[name].at(on) if name in freezes else None


def tick_size(
    kind: Kind, on: date, price: Decimal, *, exchange: Exchange, is_index: bool
) -> Decimal:
    """Return the price step, in rupees, of a data set's instrument on a day.

    `price`: of the stock or future itself, the index level for an index future, the underlying's
    for an option. `is_index`: the contract's underlying is an index, or it is one.
    """
    for slab in _ticks()[_priced_as(kind, exchange, is_index)].at(on):
        if slab.up_to is None or price <= slab.up_to:
            return slab.tick
    raise FactMissing(f"tick size of {kind}: no slab for {price}")


def index_names() -> tuple[IndexName, ...]:
    """Return the indices known, in the order of priority of the data file."""
    return _indices()


def index_by_spot(spot: str) -> IndexName | None:
    """Return the index the exchange calls `spot`, None if it has no second name."""
    return next((index for index in _indices() if index.spot == spot), None)


def index_by_name(name: str) -> IndexName | None:
    """Return the index whose derivatives are called `name`, None if there is none."""
    return next((index for index in _indices() if index.name == name), None)


def _priced_as(kind: Kind, exchange: Exchange, is_index: bool) -> str:
    match kind:
        case Kind.CALL | Kind.PUT:
            return "index-options" if is_index else "stock-options"
        case Kind.FUTURE | Kind.INDEX if is_index:
            is_bse = exchange in (Exchange.BSE, Exchange.BFO)
            return "bse-index-futures" if is_bse else "nse-index-futures"
        case _:
            return "stocks"


@cache
def _lots() -> Mapping[str, Dated[int]]:
    columns = ("name", "valid_from", "valid_to", "lot_size", "source")
    rows = read_csv(DATA / "lot_sizes.csv", columns)
    return dated_table(rows, "name", lambda row: row.whole("lot_size"), "lot size of ")


@cache
def _freezes() -> Mapping[str, Dated[int]]:
    columns = ("name", "valid_from", "valid_to", "quantity", "source")
    rows = read_csv(DATA / "freeze_quantities.csv", columns)
    return dated_table(rows, "name", lambda row: row.whole("quantity"), "freeze quantity of ")


@cache
def _ticks() -> Mapping[str, Dated[tuple[_Slab, ...]]]:
    rows = read_toml(DATA / "tick_sizes.toml").rows("ticks")
    return dated_table(rows, "of", lambda row: tuple(_slab(slab) for slab in row.rows("slabs")))


def _slab(row: Row) -> _Slab:
    up_to = row.decimal("up_to") if row.has("up_to") else None
    return _Slab(up_to, row.decimal("tick"))


@cache
def _indices() -> tuple[IndexName, ...]:
    return tuple(_index(row) for row in read_toml(DATA / "indices.toml").rows("index"))


def _index(row: Row) -> IndexName:
    choices = tuple(Exchange)
    row.text("source")
    derivatives = Exchange(row.choice("derivatives", choices)) if row.has("derivatives") else None
    return IndexName(
        spot=row.text("spot"),
        name=row.text("name"),
        exchange=Exchange(row.choice("exchange", choices)),
        derivatives=derivatives,
    )
