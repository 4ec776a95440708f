"""Whose contracts expire, when, and whether the expiry is a monthly one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from marketdata.expiry_flags import ExpiryFlags, expiry_flags, own_exchanges, segment_expiries
from marketdata.instruments import Exchange, Instrument, Kind

DAY = date(2026, 8, 18)
CALL = Instrument(
    token=1,
    exchange=Exchange.NFO,
    symbol="CALL",
    name="NIFTY",
    kind=Kind.CALL,
    lot_size=65,
    tick_size=Decimal("0.05"),
    expiry=DAY,
    strike=Decimal(24_000),
)


def listed(*expiries: date, name: str = "NIFTY", kind: Kind = Kind.CALL) -> list[Instrument]:
    strike = None if kind is Kind.FUTURE else CALL.strike
    return [replace(CALL, name=name, kind=kind, expiry=day, strike=strike) for day in expiries]


def test_a_weekly_expiry_has_another_behind_it_in_its_month() -> None:
    weekly = listed(DAY, date(2026, 8, 25), date(2026, 9, 1))

    assert expiry_flags(weekly, DAY) == {"NIFTY": ExpiryFlags(DAY, today=True, monthly=False)}


def test_the_last_of_its_month_is_the_monthly_one() -> None:
    monthly = date(2026, 8, 25)

    found = expiry_flags(listed(monthly, date(2026, 9, 1)), DAY)

    assert found == {"NIFTY": ExpiryFlags(monthly, today=False, monthly=True)}


def test_where_nothing_later_is_listed_a_future_tells_the_month() -> None:
    alone = listed(DAY)

    assert not expiry_flags(alone, DAY)["NIFTY"].monthly
    assert expiry_flags([*alone, *listed(DAY, kind=Kind.FUTURE)], DAY)["NIFTY"].monthly


def test_what_has_expired_does_not_count() -> None:
    assert expiry_flags(listed(date(2026, 8, 11)), DAY) == {}


def test_the_segment_expires_with_an_index_of_its_exchange_not_with_a_share() -> None:
    share, index = listed(DAY, name="INFY"), listed(DAY, name="BANKNIFTY")

    assert segment_expiries(share, DAY) == frozenset()
    assert segment_expiries([*share, *index], DAY) == {Exchange.NFO}
    assert own_exchanges([*share, *index]) == {
        "INFY": {Exchange.NFO},
        "BANKNIFTY": {Exchange.NFO},
    }
