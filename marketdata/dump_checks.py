"""Whether the files of all exchanges together can be the instruments of a day.

Reading one file is `instrument_dump.py`; putting the list in place is a service's work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from marketdata.dated import FactMissing
from marketdata.facts import index_by_name, lot_size
from marketdata.instrument_dump import DumpError, ParsedDump
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.sources import InstrumentSource

EXCHANGES = (Exchange.NSE, Exchange.NFO, Exchange.BSE, Exchange.BFO)
LEAST = {Exchange.NSE: 2_000, Exchange.NFO: 10_000, Exchange.BSE: 2_000, Exchange.BFO: 500}
"""Fewer instruments than this no exchange has listed for years."""
LEAST_OF_PRACTICE = {Exchange.NSE: 2, Exchange.NFO: 0, Exchange.BSE: 0, Exchange.BFO: 0}
"""What a Kite of our own must list: its made market may be as small as it likes."""
_LOST_IN_PRACTICE = 0.5
INDICES = frozenset({"NIFTY", "BANKNIFTY"})
_NOT_OURS = frozenset({"expired", "other-exchange", "unknown-kind"})
"""Reasons for which a row is left out though nothing is wrong with it."""


@dataclass(frozen=True, slots=True)
class DayRules:
    """What makes the files of one day believable.

    `least`: the exchanges, and how many usable instruments each must list. `required_indices`: by
    the name of their derivatives; each must be there, with a future where it has derivatives.
    `most_bad`: share of an exchange's rows that may be unusable. `most_lost`: share of what the
    last good list held, and what has not expired since, that may be gone.
    """

    on: date
    least: Mapping[Exchange, int]
    required_indices: frozenset[str]
    most_bad: float = 0.005
    most_lost: float = 0.02

    def __post_init__(self) -> None:
        for name in ("most_bad", "most_lost"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}, expected from 0 to below 1")


@dataclass(frozen=True, slots=True)
class DayDump:
    """The day's instruments, by exchange in the order of the files.

    `dropped`: how many rows were left out for which reason. `doubts`: lots that are not those of
    the dated tables; the dump is what counts, but somebody should look.
    """

    instruments: tuple[Instrument, ...]
    dropped: Mapping[str, int]
    doubts: tuple[str, ...]


def rules_on(day: date, *, practice: bool) -> DayRules:
    """Return what makes the files of a day believable; `practice`: from a Kite of our own."""
    rules = DayRules(on=day, least=LEAST, required_indices=INDICES)
    if not practice:
        return rules
    return replace(rules, least=LEAST_OF_PRACTICE, most_lost=_LOST_IN_PRACTICE)


async def fetch_files(source: InstrumentSource) -> dict[Exchange, bytes]:
    """Return the files of all exchanges. Raises `SourceFailed` where one can't be had."""
    return {exchange: await source.instruments(exchange) for exchange in EXCHANGES}


def day_dump(
    files: Mapping[Exchange, ParsedDump], rules: DayRules, last_good: Mapping[Exchange, int]
) -> DayDump:
    """Return the files as one list. `last_good`: how many the last good list held that
    are not expired by now, by exchange.

    Raises `DumpError` for the first thing that is wrong, naming the exchange.
    """
    for exchange, least in rules.least.items():
        if exchange not in files:
            raise DumpError(f"{exchange}: there is no file")
        floor = max(least, round(last_good.get(exchange, 0) * (1 - rules.most_lost)))
        _check_file(exchange, files[exchange], floor, rules.most_bad)
    instruments = tuple(item for file in files.values() for item in file.instruments)
    _check_unique(instruments)
    _check_lots(instruments)
    _check_indices(instruments, rules)
    dropped = sum((Counter(file.dropped) for file in files.values()), Counter[str]())
    return DayDump(
        instruments=instruments,
        dropped=MappingProxyType(dict(sorted(dropped.items()))),
        doubts=tuple(_doubts(instruments)),
    )


def _check_file(exchange: Exchange, file: ParsedDump, floor: int, most_bad: float) -> None:
    strange = next((item.key for item in file.instruments if item.exchange is not exchange), "")
    if strange:
        raise DumpError(f"{exchange}: lists {strange}, expected its own instruments only")
    usable = len(file.instruments)
    bad = {reason: rows for reason, rows in file.dropped.items() if reason not in _NOT_OURS}
    if sum(bad.values()) > most_bad * (usable + sum(bad.values())):
        told = ", ".join(f"{rows} {reason}" for reason, rows in bad.items())
        raise DumpError(f"{exchange}: {told} of {usable + sum(bad.values())} rows, too many")
    if usable < floor:
        raise DumpError(f"{exchange}: {usable} usable instruments, expected {floor} or more")


def _check_unique(instruments: tuple[Instrument, ...]) -> None:
    known: dict[int, str] = {}
    for item in instruments:
        other = known.setdefault(item.token, item.key)
        if other != item.key:
            raise DumpError(f"token {item.token}: is {other} and {item.key}")


def _check_lots(instruments: tuple[Instrument, ...]) -> None:
    """Raise where contracts of one underlying and expiry differ in their lot."""
    for key, lots in _lots(instruments).items():
        if len(lots) > 1:
            told = " and ".join(map(str, sorted(lots)))
            raise DumpError(f"{key[0]}: {key[1]} of {key[2]} has lots of {told}")


def _lots(instruments: tuple[Instrument, ...]) -> dict[tuple[Exchange, str, date], set[int]]:
    lots: dict[tuple[Exchange, str, date], set[int]] = {}
    for item in instruments:
        if item.expiry is not None:
            lots.setdefault((item.exchange, item.name, item.expiry), set()).add(item.lot_size)
    return lots


def _check_indices(instruments: tuple[Instrument, ...], rules: DayRules) -> None:
    spots = {item.name for item in instruments if item.kind is Kind.INDEX}
    futures = {item.name for item in instruments if item.kind is Kind.FUTURE}
    for name in sorted(rules.required_indices):
        if name not in spots:
            raise DumpError(f"index {name} is missing")
        index = index_by_name(name)
        if index is not None and index.derivatives is not None and name not in futures:
            raise DumpError(f"index {name} has no future")


def _doubts(instruments: tuple[Instrument, ...]) -> Iterator[str]:
    for (_, name, expiry), lots in _lots(instruments).items():
        if index_by_name(name) is None:
            continue
        try:
            expected = lot_size(name, expiry)
        except FactMissing:
            continue
        if lots != {expected}:
            yield f"{name} of {expiry}: lot {min(lots)}, the tables say {expected}"
