"""How far from the market the exchange takes an order: the range of limit price protection.

The numbers stand in `data/price_protection.toml`; what a broker makes of market orders is told in
`kitesim/price_limits.py`, circuit limits come with the quotes.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from execution.dated import dated_rows
from marketdata.dated import FactMissing
from marketdata.facts import index_by_name
from marketdata.instruments import Exchange, Instrument, Kind, Segment

FILE = "price_protection.toml"

Range = tuple[Decimal, Decimal]
"""Lowest and highest price, both allowed."""


class _Reach(NamedTuple):
    """Rupees to either side where the reference is at most `up_to`, beyond it a part of it."""

    up_to: Decimal
    near: Decimal
    beyond: Decimal


def protection_range(instrument: Instrument, reference: Decimal, on: date) -> Range | None:
    """Return the prices an order may have around a reference, None where nothing limits it.

    Shares have no such range, and no contract has one before its exchange's first circular.
    """
    if instrument.segment is Segment.CASH:
        return None
    reach = _reach(instrument.exchange, _kind(instrument), on)
    if reach is None:
        return None
    is_near = reference <= reach.up_to
    distance = reach.near if is_near else reference * reach.beyond
    return reference - distance, reference + distance


@cache
def _reach(exchange: Exchange, kind: str, on: date) -> _Reach | None:
    rows = dated_rows(
        FILE,
        "order_limits",
        lambda row: (row.text("exchange"), row.text("kind")) == (exchange, kind),
    )
    try:
        row = rows.at(on)
    except FactMissing:
        return None
    return _Reach(row.decimal("up_to"), row.decimal("near"), row.percent("beyond"))


def _kind(instrument: Instrument) -> str:
    whose = "INDEX" if index_by_name(instrument.name) else "STOCK"
    return f"{whose}_FUTURES" if instrument.kind is Kind.FUTURE else f"{whose}_OPTIONS"
