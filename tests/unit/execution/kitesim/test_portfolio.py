from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.kitesim.answers import KiteError
from execution.kitesim.portfolio import Portfolio, positions
from execution.orders import Fill, Product, Side
from tests.unit.execution.kitesim.desk import CALL, FUTURE, OPEN, SHARE, D, Made

PRICES = st.integers(1, 4000).map(lambda steps: steps * D("0.05"))
SIDES = st.sampled_from(list(Side))


def fill(side: Side, quantity: int, price, instrument=CALL) -> Fill:
    return Fill("t", "c", "b", instrument, side, quantity, price, OPEN)


@given(
    fills=st.lists(
        st.tuples(SIDES, st.integers(1, 5), PRICES, st.sampled_from([Product.MIS, Product.NRML])),
        max_size=12,
    ),
    carried=st.one_of(st.none(), st.tuples(st.integers(-5, 5).filter(bool), PRICES)),
    last=PRICES,
    close=PRICES,
)
def test_the_identities_of_kite_s_positions_hold(fills, carried, last, close):
    market, portfolio = Made(), Portfolio()
    market.prices[CALL.key], market.closes[CALL.key] = last, close
    if carried is not None:
        portfolio.carry(CALL, Product.NRML, carried[0] * 65, carried[1])
    for side, lots, price, product in fills:
        portfolio.book(fill(side, lots * 65, price), product)

    told = positions(portfolio, market)

    for row in told["net"] + told["day"]:
        bought, sold = row["buy_quantity"], row["sell_quantity"]
        assert row["quantity"] == bought - sold
        assert row["value"] == row["sell_value"] - row["buy_value"]
        marked = row["quantity"] * row["last_price"] * row["multiplier"]
        assert row["pnl"] == row["value"] + marked
        assert row["m2m"] == row["sell_m2m"] - row["buy_m2m"] + marked
        day = row["day_buy_quantity"] - row["day_sell_quantity"]
        assert row["quantity"] == row["overnight_quantity"] + day
    assert sum(row["quantity"] for row in told["net"]) == portfolio.net(CALL.key)


def test_a_carried_position_enters_the_day_s_result_at_its_close():
    market, portfolio = Made(), Portfolio()
    market.prices[FUTURE.key], market.closes[FUTURE.key] = D(23_324), D(23_232)
    portfolio.carry(FUTURE, Product.NRML, 65, D(23_000))

    [row] = positions(portfolio, market)["net"]

    assert row["m2m"] == 92 * 65
    assert row["pnl"] == 324 * 65
    assert positions(portfolio, market)["day"] == []


def test_the_average_is_that_of_the_side_that_is_open():
    portfolio = Portfolio()
    for side, price in ((Side.BUY, 100), (Side.BUY, 110), (Side.SELL, 130)):
        portfolio.book(fill(side, 65, D(price)), Product.MIS)

    [long] = portfolio
    assert (long.net, long.average_price) == (65, D(105))
    portfolio.book(fill(Side.SELL, 65, D(120)), Product.MIS)
    assert (long.net, long.average_price, long.profit(D(1))) == (0, 0, 40 * 65)


def test_carried_shares_are_holdings_and_only_their_sale_is_a_position():
    market, portfolio = Made(), Portfolio()
    portfolio.carry(SHARE, Product.CNC, 10, D(1400))
    before = positions(portfolio, market)
    portfolio.book(fill(Side.SELL, 4, D(1500), SHARE), Product.CNC)

    [row] = positions(portfolio, market)["net"]

    assert before == {"net": [], "day": []}
    assert (row["quantity"], row["overnight_quantity"]) == (-4, 0)


@given(
    lots=st.lists(st.tuples(st.integers(1, 5), PRICES), min_size=1, max_size=4),
    moved=st.integers(1, 20),
)
def test_a_conversion_moves_units_and_their_cost(lots, moved):
    portfolio = Portfolio()
    for number, price in lots:
        portfolio.book(fill(Side.BUY, number * 65, price), Product.MIS)
    held = sum(number for number, _ in lots)
    cost = sum(number * 65 * price for number, price in lots)

    if moved > held:
        with pytest.raises(KiteError, match="no such quantity"):
            portfolio.convert(CALL.key, Side.BUY, moved * 65, Product.MIS, Product.NRML)
        return
    portfolio.convert(CALL.key, Side.BUY, moved * 65, Product.MIS, Product.NRML)

    assert {item.product: item.net for item in portfolio} == {
        Product.MIS: (held - moved) * 65,
        Product.NRML: moved * 65,
    }
    assert sum(item.bought.value for item in portfolio) == cost


@pytest.mark.parametrize(
    ("side", "quantity", "old", "new"),
    [
        (Side.SELL, 65, Product.MIS, Product.NRML),
        (Side.BUY, 65, Product.NRML, Product.MIS),
        (Side.BUY, 65, Product.MIS, Product.MIS),
        (Side.BUY, 65, Product.MIS, Product.CNC),
    ],
)
def test_a_conversion_that_cannot_be_is_refused(side, quantity, old, new):
    portfolio = Portfolio()
    portfolio.book(fill(Side.BUY, 65, D(100)), Product.MIS)

    with pytest.raises(KiteError):
        portfolio.convert(CALL.key, side, quantity, old, new)


def test_what_was_carried_in_is_not_converted():
    portfolio = Portfolio()
    portfolio.carry(CALL, Product.NRML, 65, D(100))

    with pytest.raises(KiteError, match="not opened today"):
        portfolio.convert(CALL.key, Side.BUY, 65, Product.NRML, Product.MIS)
