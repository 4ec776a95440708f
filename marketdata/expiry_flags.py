"""Expiry flags of a day, read off the contracts that are listed: whose, and weekly or monthly.

The rules by which exchanges set expiries stand in `expiry_rules.py`; what is listed wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from marketdata.facts import index_by_name
from marketdata.instruments import Exchange, Kind


class Contract(Protocol):
    """What is read of an instrument; `expiry` is None for what never expires."""

    @property
    def name(self) -> str:
        """Return the underlying's name."""

    @property
    def exchange(self) -> Exchange:
        """Return where it is traded."""

    @property
    def kind(self) -> Kind:
        """Return what it is."""

    @property
    def expiry(self) -> date | None:
        """Return the last day on which it is traded."""


@dataclass(frozen=True, slots=True)
class ExpiryFlags:
    """What expires of one underlying: its nearest expiry, and whether that is a monthly one.

    `today`: the nearest expiry is the day asked for.
    """

    nearest: date
    today: bool
    monthly: bool


def expiry_flags(instruments: Iterable[Contract], day: date) -> dict[str, ExpiryFlags]:
    """Return the flags of every underlying with contracts that expire on `day` or later, by name.

    An expiry is monthly where a future expires on it, or where later months are listed and
    nothing later in its own.
    """
    dates: dict[str, set[date]] = {}
    futures: set[tuple[str, date]] = set()
    for item in instruments:
        if item.expiry is not None and item.expiry >= day:
            dates.setdefault(item.name, set()).add(item.expiry)
            if item.kind is Kind.FUTURE:
                futures.add((item.name, item.expiry))
    found = {}
    for name, expiries in sorted(dates.items()):
        nearest, later = min(expiries), max(expiries)
        is_last = not any(_same_month(nearest, each) for each in expiries if each > nearest)
        monthly = (name, nearest) in futures or (is_last and not _same_month(nearest, later))
        found[name] = ExpiryFlags(nearest, nearest == day, monthly)
    return found


def segment_expiries(instruments: Iterable[Contract], day: date) -> frozenset[Exchange]:
    """Return the exchanges on which contracts of an index expire on `day`."""
    return frozenset(
        item.exchange
        for item in instruments
        if item.expiry == day and index_by_name(item.name) is not None
    )


def own_exchanges(instruments: Iterable[Contract]) -> Mapping[str, frozenset[Exchange]]:
    """Return on which exchanges each underlying has contracts, by name."""
    found: dict[str, set[Exchange]] = {}
    for item in instruments:
        if item.expiry is not None:
            found.setdefault(item.name, set()).add(item.exchange)
    return {name: frozenset(exchanges) for name, exchanges in found.items()}


def _same_month(one: date, other: date) -> bool:
    return (one.year, one.month) == (other.year, other.month)
