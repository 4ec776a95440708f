"""Which instruments are watched, in which column, and why each candidate is in or out.

Prices of the columns live in `panel.py`; reading the instrument dump in `instrument_dump.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from marketdata.facts import index_by_name
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.option_columns import OPTIONS, OptionColumns, choose_options

_DERIVATIVES = frozenset({Exchange.NFO, Exchange.BFO})


class UniverseError(ValueError):
    """Settings and instruments from which no universe can be made; names the setting."""


class NotInUniverse(LookupError):
    """No column shows that instrument."""


@dataclass(frozen=True, slots=True)
class Column:
    """One watched instrument.

    `scanned`: strategies look at it. `trade_as`: the column of the contract an opinion on it is
    traded in, itself for shares and futures, the near future for an index, None where there is
    none and for an option, which is a leg of a structure only. `volume_from`: the column whose
    volume counts for it, likewise.
    """

    index: int
    instrument: Instrument
    scanned: bool
    trade_as: int | None
    volume_from: int
    why: str


@dataclass(frozen=True, slots=True)
class UniverseSettings:
    """What to watch.

    `indices`: names of derivatives in order of priority (`NIFTY`); `watched`: indices shown but
    not scanned (`INDIAVIX`). `futures_per_index`: nearest contracts. `stocks`: how many, ranked by
    `traded_value` (rupees a day by symbol), none below `least_traded_value`.
    `needs_derivatives`: leave shares without futures out. `banned`: symbols under the exchange's
    F&O ban; None when the list could not be had. `most_columns`: the cap. `options`: which
    options of what is scanned become columns, none where it is None.
    """

    indices: tuple[str, ...]
    watched: tuple[str, ...]
    futures_per_index: int
    stocks: int
    traded_value: Mapping[str, float]
    least_traded_value: float
    needs_derivatives: bool
    banned: frozenset[str] | None
    most_columns: int
    options: OptionColumns | None = None

    def __post_init__(self) -> None:
        for name in ("futures_per_index", "stocks"):
            if getattr(self, name) < 0:
                raise UniverseError(f"{name}: is {getattr(self, name)}, expected 0 or more")
        if self.most_columns < 1:
            raise UniverseError(f"most_columns: is {self.most_columns}, expected 1 or more")


@dataclass(frozen=True, slots=True)
class Universe:
    """The columns in order, the candidates left out with the reason, and who may not enter.

    `blocked`: names in which entries are refused (ban list, or all shares without one); exits
    are always allowed. `studied`: how many columns, the first ones, have features and are looked
    at; those behind are options.
    """

    columns: tuple[Column, ...]
    left_out: tuple[tuple[str, str], ...]
    blocked: frozenset[str]
    studied: int = field(init=False, repr=False, compare=False)
    _places: Mapping[int | str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        base = sum(column.instrument.kind not in OPTIONS for column in self.columns)
        if any(column.instrument.kind in OPTIONS for column in self.columns[:base]):
            raise UniverseError("columns: an option stands before others, expected options last")
        object.__setattr__(self, "studied", base)
        places: dict[int | str, int] = {}
        for place, column in enumerate(self.columns):
            if column.index != place:
                raise UniverseError(f"columns: {column.instrument.key} stands at {place}")
            for name in (column.instrument.token, column.instrument.key):
                if name in places:
                    raise UniverseError(f"columns: {name} appears twice")
                places[name] = place
        object.__setattr__(self, "_places", places)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def tokens(self) -> NDArray[np.int64]:
        """Return the tokens by column, shape `(N,)`."""
        return np.array([column.instrument.token for column in self.columns], dtype=np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the symbols by column."""
        return tuple(column.instrument.symbol for column in self.columns)

    def column_of(self, name: int | str) -> int:
        """Return the column of a token or a key (`NSE:NIFTY 50`); raises `NotInUniverse`."""
        if name not in self._places:
            raise NotInUniverse(f"{name}: not among the {len(self)} columns")
        return self._places[name]


@dataclass(frozen=True, slots=True)
class _Pick:
    instrument: Instrument
    why: str


def build_universe(
    instruments: tuple[Instrument, ...], on: date, settings: UniverseSettings
) -> Universe:
    """Choose the columns for day `on`: indices, watched indices, near futures, shares, options.

    The same input in any order gives the same universe. A future expiring on `on` is still near;
    one expired before never enters. Candidates over the cap are left out from the end. A future is
    scanned only where its index is not a column.
    """
    left_out: list[tuple[str, str]] = []
    spots = _indices(instruments, settings, left_out)
    futures = _near_futures(instruments, on, settings, left_out)
    shares = _shares(instruments, on, settings, left_out)
    picks = spots + futures + shares
    kept = picks[: settings.most_columns]
    over = f"over the cap of {settings.most_columns} columns"
    left_out += [(pick.instrument.key, over) for pick in picks[settings.most_columns :]]
    columns = _columns(kept, frozenset(settings.indices))
    return Universe(
        columns=(*columns, *_options(instruments, on, settings, columns, left_out)),
        left_out=tuple(left_out),
        blocked=_blocked(kept, settings.banned),
    )


def _options(
    instruments: tuple[Instrument, ...],
    on: date,
    settings: UniverseSettings,
    columns: tuple[Column, ...],
    left_out: list[tuple[str, str]],
) -> list[Column]:
    if settings.options is None:
        return []
    room = max(settings.most_columns - len(columns), 0)
    wanted = replace(settings.options, most=min(settings.options.most, room))
    names = {column.instrument.name for column in columns if column.scanned}
    kept, beyond = choose_options(instruments, on, names, wanted)
    left_out += beyond
    return [
        Column(place, item, scanned=False, trade_as=None, volume_from=place, why=why)
        for place, (item, why) in enumerate(kept, start=len(columns))
    ]


def _indices(
    instruments: tuple[Instrument, ...],
    settings: UniverseSettings,
    left_out: list[tuple[str, str]],
) -> list[_Pick]:
    known = {item.name: item for item in instruments if item.kind is Kind.INDEX}
    picks = []
    wanted = [(name, "index") for name in settings.indices]
    wanted += [(name, "index, watched only") for name in settings.watched]
    for name, why in wanted:
        if name in known:
            picks.append(_Pick(known[name], why))
        else:
            left_out.append((name, "index is not in the instrument dump"))
    return picks


def _near_futures(
    instruments: tuple[Instrument, ...],
    on: date,
    settings: UniverseSettings,
    left_out: list[tuple[str, str]],
) -> list[_Pick]:
    by_name: dict[str, list[tuple[date, str, Instrument]]] = {}
    for item in instruments:
        if item.kind is Kind.FUTURE and item.expiry is not None and item.expiry >= on:
            by_name.setdefault(item.name, []).append((item.expiry, item.key, item))
    picks = []
    for name in settings.indices:
        listed = sorted(by_name.get(name, []), key=lambda row: row[:2])
        if not listed:
            left_out.append((name, f"no future expiring on {on} or later"))
        for place, (expiry, key, item) in enumerate(listed):
            if place < settings.futures_per_index:
                picks.append(_Pick(item, f"future {place + 1} of {name}, expires {expiry}"))
            else:
                left_out.append((key, f"beyond {settings.futures_per_index} futures of {name}"))
    return picks


def _shares(
    instruments: tuple[Instrument, ...],
    on: date,
    settings: UniverseSettings,
    left_out: list[tuple[str, str]],
) -> list[_Pick]:
    with_futures = {
        item.name
        for item in instruments
        if item.kind is Kind.FUTURE and item.expiry is not None and item.expiry >= on
    }
    ranked = []
    for item in sorted(instruments, key=lambda item: item.key):
        if item.kind is not Kind.EQUITY or item.exchange is not Exchange.NSE:
            continue
        reason = _why_not(item, item.symbol in with_futures, settings)
        if reason:
            left_out.append((item.key, reason))
        else:
            ranked.append(item)
    ranked.sort(key=lambda item: (-settings.traded_value[item.symbol], item.symbol))
    for place, item in enumerate(ranked[settings.stocks :], start=settings.stocks + 1):
        left_out.append((item.key, f"rank {place} by traded value, {settings.stocks} are taken"))
    return [
        _Pick(item, f"rank {place} by traded value")
        for place, item in enumerate(ranked[: settings.stocks], start=1)
    ]


def _why_not(item: Instrument, has_future: bool, settings: UniverseSettings) -> str:
    if settings.needs_derivatives and not has_future:
        return "no derivatives"
    value = settings.traded_value.get(item.symbol)
    if value is None or value != value:
        return "traded value not known"
    if value < settings.least_traded_value:
        return f"traded value {value:.0f} below {settings.least_traded_value:.0f}"
    return ""


def _columns(kept: list[_Pick], scanned_indices: frozenset[str]) -> tuple[Column, ...]:
    near: dict[str, int] = {}
    spots = set()
    for place, pick in enumerate(kept):
        if pick.instrument.kind is Kind.FUTURE:
            near.setdefault(pick.instrument.name, place)
        elif pick.instrument.kind is Kind.INDEX:
            spots.add(pick.instrument.name)
    columns = []
    for place, pick in enumerate(kept):
        item = pick.instrument
        is_index = item.kind is Kind.INDEX
        trade_as = near.get(item.name) if is_index else place
        scans = item.name in scanned_indices and trade_as is not None
        columns.append(
            Column(
                index=place,
                instrument=item,
                scanned=scans if is_index else _scans(item, place, spots, near),
                trade_as=trade_as,
                volume_from=place if trade_as is None else trade_as,
                why=pick.why,
            )
        )
    return tuple(columns)


def _scans(item: Instrument, place: int, spots: set[str], near: Mapping[str, int]) -> bool:
    return item.kind is Kind.EQUITY or (item.name not in spots and near[item.name] == place)


def _blocked(kept: list[_Pick], banned: frozenset[str] | None) -> frozenset[str]:
    names = {pick.instrument.name for pick in kept}
    if banned is not None:
        return frozenset(names & banned)
    return frozenset(name for name in names if index_by_name(name) is None)
