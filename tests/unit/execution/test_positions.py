from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.orders import Fill, Side
from execution.positions import Position, apply, unrealised
from marketdata.instruments import Exchange, Instrument, Kind

D = Decimal
AT = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
FUTURE = Instrument(1, Exchange.NFO, "NIFTY26NOVFUT", "NIFTY", Kind.FUTURE, 65, D("0.1"))
OTHER = Instrument(2, Exchange.NFO, "TCS26NOVFUT", "TCS", Kind.FUTURE, 65, D("0.1"))


def fill(side: Side, quantity: int, price: str, instrument: Instrument = FUTURE) -> Fill:
    return Fill("1", "a1", "b1", instrument, side, quantity, D(price), AT)


def folded(*fills: Fill) -> Position:
    return reduce(apply, fills, Position(FUTURE))


fills = st.lists(
    st.builds(
        lambda side, quantity, paise: fill(side, quantity, str(D(paise) / 100)),
        st.sampled_from(Side),
        st.integers(1, 5000),
        st.integers(5, 10**7),
    ),
    max_size=12,
)


def test_an_empty_position_is_flat_and_has_no_price() -> None:
    position = Position(FUTURE)

    assert position.is_flat
    assert position.average_price is None
    assert (position.quantity, position.realised, unrealised(position, D(1))) == (0, 0, 0)


def test_a_long_closed_in_two_parts_realises_both() -> None:
    held = folded(fill(Side.BUY, 65, "100"), fill(Side.BUY, 65, "110"))
    part = apply(held, fill(Side.SELL, 65, "120"))
    closed = apply(part, fill(Side.SELL, 65, "90"))

    assert held.average_price == 105
    assert (part.quantity, part.average_price, part.realised) == (65, 105, 65 * 15)
    assert (closed.quantity, closed.average_price, closed.realised) == (0, None, 0)
    assert (held.net_cash, part.net_cash, closed.net_cash) == (-13_650, -5_850, 0)


def test_a_short_gains_when_bought_back_lower() -> None:
    held = folded(fill(Side.SELL, 65, "200"))

    assert (held.quantity, held.average_price) == (-65, 200)
    assert unrealised(held, D(190)) == 650
    assert apply(held, fill(Side.BUY, 65, "180")).realised == 1300


def test_crossing_zero_opens_the_rest_at_the_price_of_the_fill() -> None:
    position = folded(fill(Side.BUY, 65, "100"), fill(Side.SELL, 195, "110"))

    assert (position.quantity, position.average_price, position.realised) == (-130, 110, 650)


def test_the_smallest_fill_counts_and_so_does_one_of_the_same_contract_read_anew() -> None:
    position = folded(fill(Side.BUY, 1, "0.05", replace(FUTURE)))

    assert (position.quantity, position.cost) == (1, D("0.05"))


@pytest.mark.parametrize(
    "bad",
    [
        fill(Side.BUY, 65, "100", OTHER),
        fill(Side.BUY, 0, "100"),
        fill(Side.BUY, 65, "0"),
        fill(Side.BUY, 65, "NaN"),
    ],
)
def test_a_fill_that_cannot_be_is_refused(bad: Fill) -> None:
    with pytest.raises(ValueError, match=r"^fill"):
        apply(Position(FUTURE), bad)


@given(fills, st.integers(5, 10**7))
def test_profits_add_up_to_cash_and_what_is_held(trades: list[Fill], paise: int) -> None:
    price = D(paise) / 100

    position = folded(*trades)

    sold = sum(trade.quantity * trade.price for trade in trades if trade.side is Side.SELL)
    bought = sum(trade.quantity * trade.price for trade in trades if trade.side is Side.BUY)
    assert position.net_cash == sold - bought
    assert (
        position.realised + unrealised(position, price) == sold - bought + position.quantity * price
    )
    assert position.realised == position.realised.quantize(D("0.000001"))


@given(fills.flatmap(lambda trades: st.tuples(st.just(trades), st.permutations(trades))))
def test_the_order_of_fills_changes_neither_cash_nor_quantity(
    both: tuple[list[Fill], list[Fill]],
) -> None:
    one, other = folded(*both[0]), folded(*both[1])

    assert (one.net_cash, one.quantity) == (other.net_cash, other.quantity)
    if one.is_flat:
        assert one.realised == other.realised


@given(fills)
def test_the_average_price_lies_between_the_prices_paid(trades: list[Fill]) -> None:
    position = folded(*trades)

    prices = [trade.price for trade in trades]
    if position.average_price is not None:
        tolerance = D("0.00001")
        assert min(prices) - tolerance <= position.average_price <= max(prices) + tolerance
