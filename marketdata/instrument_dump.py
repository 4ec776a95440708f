"""Reading Kite's daily instrument dump into instruments, bad rows counted by reason.

Which of them are watched is decided in `universe.py`; fetching the dump lives in the adapter.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from marketdata.dated import FactMissing
from marketdata.facts import freeze_quantity, index_by_spot
from marketdata.instruments import Exchange, Instrument, Kind

COLUMNS = (
    "instrument_token",
    "exchange_token",
    "tradingsymbol",
    "name",
    "last_price",
    "expiry",
    "strike",
    "tick_size",
    "lot_size",
    "instrument_type",
    "segment",
    "exchange",
)
_GZIP = b"\x1f\x8b"
_INDEX_TICK = Decimal("0.05")
_EXCHANGES = frozenset(Exchange)
_LONGEST_NAME, _MOST_DIGITS = 60, 10
_MOST_LOT = 1_000_000
_PAISA, _MOST_TICK, _MOST_STRIKE = Decimal("0.01"), Decimal(100), Decimal(100_000_000)
_KINDS = {
    "EQ": Kind.EQUITY,
    "FUT": Kind.FUTURE,
    "CE": Kind.CALL,
    "PE": Kind.PUT,
}


class DumpError(ValueError):
    """A dump that must not replace the last good one; names the file and what was expected."""


@dataclass(frozen=True, slots=True)
class DumpRules:
    """What makes a dump believable on day `on`.

    `minimum` instruments must remain, and each of `required_indices`, by the name of its
    derivatives (`NIFTY`), must be among them.
    """

    on: date
    minimum: int
    required_indices: frozenset[str]


@dataclass(frozen=True, slots=True)
class ParsedDump:
    """The instruments in the dump's order, and how many rows were dropped for which reason."""

    instruments: tuple[Instrument, ...]
    dropped: Mapping[str, int]


class _Dropped(Exception):
    """A row that is left out; its message is the reason."""


def parse_dump(path: Path, rules: DumpRules) -> ParsedDump:
    """Read a dump from a file, as `read_dump` does. Raises `DumpError`."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DumpError(f"{path}: {error}, expected a CSV file, plain or gzip") from error
    return read_dump(str(path), raw, rules)


def read_dump(source: str, raw: bytes, rules: DumpRules) -> ParsedDump:
    """Read a dump, plain or gzip; `source` names it in errors.

    `name` of an instrument is what its derivatives are called: `NIFTY` for the index NIFTY 50,
    the symbol for a share. An index gets a lot of 1 and a step of 0.05, as nothing of it trades.
    Contracts with an expiry before `rules.on` are dropped as `expired`, those of that day stay.
    Raises `DumpError` for an unreadable file, a wrong header, a dump that breaks `rules`, and a
    day for which a contract's freeze quantity should be known and isn't.
    """
    kept: list[Instrument] = []
    dropped: Counter[str] = Counter()
    tokens: set[int] = set()
    keys: set[str] = set()
    for cells in _cells(source, raw):
        try:
            instrument = _instrument(cells, rules.on)
            _check_unique(instrument, tokens, keys)
        except _Dropped as reason:
            dropped[str(reason)] += 1
        except FactMissing as error:
            raise DumpError(f"{source}: {error}") from error
        else:
            kept.append(instrument)
    _check(source, kept, rules)
    return ParsedDump(tuple(kept), MappingProxyType(dict(sorted(dropped.items()))))


def _cells(source: str, raw: bytes) -> Iterator[list[str]]:
    """Yield the rows behind the header."""
    try:
        text = (gzip.decompress(raw) if raw.startswith(_GZIP) else raw).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DumpError(f"{source}: {error}, expected a CSV file, plain or gzip") from error
    rows = csv.reader(io.StringIO(text))
    try:
        _check_header(source, tuple(next(rows, ())))
        yield from rows
    except csv.Error as error:
        raise DumpError(f"{source}: line {rows.line_num}: {error}") from error


def _check_header(source: str, header: tuple[str, ...]) -> None:
    for column in COLUMNS:
        if column not in header:
            raise DumpError(f"{source}: column {column} is missing")
    for column in header:
        if column not in COLUMNS:
            raise DumpError(f"{source}: column {column} is unknown")
    if header != COLUMNS:
        raise DumpError(f"{source}: columns are in another order, expected {','.join(COLUMNS)}")


def _instrument(cells: list[str], on: date) -> Instrument:
    if len(cells) != len(COLUMNS):
        raise _Dropped("short-row")
    token, _, symbol, name, _, expiry, strike, tick, lot, kind_text, segment, exchange = cells
    if exchange not in _EXCHANGES:
        raise _Dropped("other-exchange")
    if not symbol:
        raise _Dropped("no-symbol")
    if max(len(symbol), len(name)) > _LONGEST_NAME:
        raise _Dropped("long-name")
    if segment == "INDICES":
        return _index(_whole(token), Exchange(exchange), symbol)
    if kind_text not in _KINDS:
        raise _Dropped("unknown-kind")
    kind = _KINDS[kind_text]
    is_share = kind is Kind.EQUITY
    underlying = symbol if is_share else name
    if not underlying:
        raise _Dropped("no-name")
    return Instrument(
        token=_whole(token),
        exchange=Exchange(exchange),
        symbol=symbol,
        name=underlying,
        kind=kind,
        lot_size=1 if is_share else _lot(lot),
        tick_size=_tick(tick),
        expiry=None if is_share else _expiry(expiry, on),
        strike=_strike(strike) if kind in (Kind.CALL, Kind.PUT) else None,
        freeze_quantity=None if is_share else _freeze(underlying, on),
    )


@lru_cache(maxsize=1 << 10)
def _freeze(underlying: str, on: date) -> int | None:
    return freeze_quantity(underlying, on)


def _index(token: int, exchange: Exchange, symbol: str) -> Instrument:
    alias = index_by_spot(symbol)
    return Instrument(
        token=token,
        exchange=exchange,
        symbol=symbol,
        name=alias.name if alias and alias.exchange is exchange else symbol,
        kind=Kind.INDEX,
        lot_size=1,
        tick_size=_INDEX_TICK,
    )


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise _Dropped("bad-number")
    return int(text)


def _lot(text: str) -> int:
    lot = _whole(text)
    if lot < 1:
        raise _Dropped("no-lot")
    if lot > _MOST_LOT:
        raise _Dropped("odd-lot")
    return lot


@lru_cache(maxsize=1 << 6)
def _tick(text: str) -> Decimal:
    tick = _positive(text, "no-tick")
    if tick > _MOST_TICK or tick % _PAISA:
        raise _Dropped("odd-tick")
    return tick


@lru_cache(maxsize=1 << 14)
def _strike(text: str) -> Decimal:
    strike = _positive(text, "no-strike")
    if strike > _MOST_STRIKE:
        raise _Dropped("odd-strike")
    return strike


def _positive(text: str, reason: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _Dropped("bad-number") from None
    if not number.is_finite():
        raise _Dropped("bad-number")
    if number <= 0:
        raise _Dropped(reason)
    return number


@lru_cache(maxsize=1 << 10)
def _expiry(text: str, on: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _Dropped("bad-expiry") from None
    if day < on:
        raise _Dropped("expired")
    return day


def _check_unique(instrument: Instrument, tokens: set[int], keys: set[str]) -> None:
    if instrument.token in tokens:
        raise _Dropped("repeated-token")
    if instrument.key in keys:
        raise _Dropped("repeated-symbol")
    tokens.add(instrument.token)
    keys.add(instrument.key)


def _check(source: str, kept: list[Instrument], rules: DumpRules) -> None:
    if len(kept) < rules.minimum:
        raise DumpError(
            f"{source}: {len(kept)} usable instruments, expected {rules.minimum} or more"
        )
    present = {instrument.name for instrument in kept if instrument.kind is Kind.INDEX}
    missing = sorted(rules.required_indices - present)
    if missing:
        raise DumpError(f"{source}: index {missing[0]} is missing")
