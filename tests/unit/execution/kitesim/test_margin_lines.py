from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from execution.kitesim.margin_lines import Leg, Lines, lines_of, together
from execution.margins import margin_for
from execution.orders import Product, Side
from marketdata.instruments import Kind
from tests.unit.execution.kitesim.desk import CALL, EXPIRY, FUTURE, SHARE, WING, D

DAY = date(2026, 11, 23)
PUT = replace(CALL, token=9, symbol="NIFTY26DEC25800PE", kind=Kind.PUT, strike=D(25800))
LONG_PUT = replace(PUT, token=10, symbol="NIFTY26DEC25600PE", strike=D(25600))


def leg(item, lots, price, product=Product.NRML) -> Leg:
    return Leg(item, product, lots * item.lot_size, D(price))


def test_a_bought_option_costs_its_premium():
    assert lines_of(leg(CALL, 2, 100), DAY) == Lines(premium=D(13_000))


def test_a_sold_option_is_not_credited_alone_and_is_together():
    sold = leg(CALL, -1, 100)

    assert lines_of(sold, DAY).premium == 0
    assert together([sold], DAY).premium == -6_500


def test_span_and_exposure_make_up_the_whole_margin():
    sold = leg(FUTURE, -1, 26_000)

    lines = lines_of(sold, DAY)

    assert lines.exposure == D("0.02") * 26_000 * 65
    assert lines.total == margin_for(FUTURE, Side.SELL, 65, D(26_000), DAY)


def test_expiry_day_costs_more():
    sold = leg(CALL, -1, 100)

    assert lines_of(sold, EXPIRY).total > lines_of(sold, DAY).total


def test_shares_block_a_part_intraday_and_all_for_delivery():
    assert lines_of(leg(SHARE, 10, 1500, Product.MIS), DAY).value == 3_000
    assert lines_of(leg(SHARE, 10, 1500, Product.CNC), DAY).value == 15_000
    assert lines_of(leg(SHARE, -10, 1500, Product.CNC), DAY).total == 0


def test_nothing_blocks_nothing():
    assert lines_of(leg(CALL, 0, 100), DAY) == Lines()
    assert together([], DAY) == Lines()


def test_a_spread_blocks_its_width():
    lines = together([leg(CALL, -1, 100), leg(WING, 1, 40)], DAY)

    assert lines.span == 200 * 65
    assert lines.premium == (40 - 100) * 65


def test_a_condor_blocks_its_wider_side_once():
    legs = [leg(CALL, -1, 100), leg(WING, 1, 40), leg(PUT, -1, 90), leg(LONG_PUT, 1, 50)]

    assert together(legs, DAY).span == 200 * 65


def test_another_expiry_hedges_nothing():
    far = replace(WING, expiry=date(2027, 1, 25))

    lines = together([leg(CALL, -1, 100), leg(far, 1, 40)], DAY)

    assert lines.span == lines_of(leg(CALL, -1, 100), DAY).span


def test_what_is_bought_and_sold_of_one_instrument_is_nothing():
    assert together([leg(FUTURE, 1, 26_000), leg(FUTURE, -1, 26_100)], DAY).total == 0


LEGS = st.lists(
    st.tuples(
        st.sampled_from([CALL, WING, PUT, LONG_PUT, FUTURE]),
        st.integers(-3, 3),
        st.integers(1, 400),
    ),
    max_size=5,
)


@given(legs=LEGS)
def test_together_never_blocks_more_than_alone_and_span_is_never_negative(legs):
    told = [leg(item, lots, 26_000 if item is FUTURE else price) for item, lots, price in legs]

    lines = together(told, DAY)

    alone = sum((lines_of(each, DAY) for each in told), Lines())
    assert 0 <= lines.span <= alone.span
    assert lines.exposure <= alone.exposure
