from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.margins import MarginLeg, margin_for, margin_of
from execution.orders import Side
from marketdata.dated import FactMissing
from marketdata.instruments import Exchange, Instrument, Kind

D = Decimal
ON = date(2026, 11, 20)
EXPIRY = date(2026, 11, 23)
FUTURE = Instrument(1, Exchange.NFO, "NIFTY26NOVFUT", "NIFTY", Kind.FUTURE, 65, D("0.1"), EXPIRY)
CALL = replace(FUTURE, kind=Kind.CALL, symbol="NIFTY26NOV26000CE", strike=D(26000))
STOCK_FUTURE = replace(FUTURE, symbol="TCS26NOVFUT", name="TCS")
SHARE = Instrument(2, Exchange.NSE, "TCS", "TCS", Kind.EQUITY, 1, D("0.1"))
INDEX = Instrument(3, Exchange.NSE, "NIFTY 50", "NIFTY 50", Kind.INDEX, 1, D("0.05"))


def test_an_index_future_blocks_scan_and_exposure_on_either_side() -> None:
    bought = margin_for(FUTURE, Side.BUY, 65, D(26000), ON)
    sold = margin_for(FUTURE, Side.SELL, 65, D(26000), ON)

    assert bought == sold == D("190970.00")


def test_a_stock_future_blocks_more_than_an_index_future() -> None:
    assert margin_for(STOCK_FUTURE, Side.BUY, 100, D(1000), ON) == D("17700.00")


def test_a_bought_option_blocks_its_premium_only() -> None:
    assert margin_for(CALL, Side.BUY, 65, D("120.05"), ON) == D("7803.25")


def test_a_sold_option_blocks_more_on_its_expiry_day() -> None:
    before = margin_for(CALL, Side.SELL, 65, D(120), ON)
    expiring = margin_for(CALL, Side.SELL, 65, D(120), EXPIRY)

    assert before == D("190970.00")
    assert expiring - before == D("33800.00")


def test_the_extra_of_the_expiry_day_begins_in_november_2024() -> None:
    early = replace(CALL, expiry=date(2024, 11, 14))

    on_expiry = margin_for(early, Side.SELL, 65, D(120), date(2024, 11, 14))

    assert on_expiry == margin_for(early, Side.SELL, 65, D(120), date(2024, 11, 13))


def test_shares_within_the_day_block_a_fifth() -> None:
    assert margin_for(SHARE, Side.SELL, 10, D(3000), ON) == D("6000.00")


def test_nothing_blocks_nothing() -> None:
    assert margin_for(FUTURE, Side.BUY, 0, D(26000), ON) == 0


@pytest.mark.parametrize(
    ("instrument", "quantity", "price", "field"),
    [
        (INDEX, 1, D(1), "instrument"),
        (FUTURE, 65, D(0), "price"),
        (FUTURE, 65, D("NaN"), "price"),
        (FUTURE, -65, D(1), "quantity"),
        (replace(CALL, strike=None), 65, D(1), "strike"),
    ],
)
def test_bad_input_names_the_field(
    instrument: Instrument, quantity: int, price: Decimal, field: str
) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        margin_for(instrument, Side.SELL, quantity, price, ON)


def test_a_day_before_the_tables_is_an_error() -> None:
    with pytest.raises(FactMissing, match="2016-08-16"):
        margin_for(SHARE, Side.BUY, 1, D(100), date(2016, 8, 16))


def option(kind: Kind, strike: int, **changed: date) -> Instrument:
    name = f"NIFTY26NOV{strike}{kind.value[0]}E{changed}"
    return replace(FUTURE, kind=kind, symbol=name, strike=D(strike), **changed)


def leg(kind: Kind, side: Side, strike: int, price: str, **changed: date) -> MarginLeg:
    return MarginLeg(option(kind, strike, **changed), side, 65, D(price))


CONDOR = (
    leg(Kind.PUT, Side.BUY, 25600, "20"),
    leg(Kind.PUT, Side.SELL, 25800, "50"),
    leg(Kind.CALL, Side.SELL, 26200, "55"),
    leg(Kind.CALL, Side.BUY, 26400, "25"),
)


def test_one_leg_is_what_it_is_alone() -> None:
    sold = leg(Kind.CALL, Side.SELL, 26000, "120")

    assert margin_of([sold], ON) == margin_for(sold.instrument, Side.SELL, 65, D(120), ON)


def test_a_condor_blocks_one_wing_less_its_credit_and_two_exposures() -> None:
    # Wing 200 less credit 60 (50 + 55 - 20 - 25), times 65; 2 % of 25,800 and of 26,200 times 65.
    assert margin_of(CONDOR, ON) == D(140 * 65) + D("0.02") * (25800 + 26200) * 65


def test_a_condor_blocks_twice_the_exposure_on_its_last_day() -> None:
    assert margin_of(CONDOR, EXPIRY) - margin_of(CONDOR, ON) == D("0.02") * 52000 * 65


def test_a_debit_spread_blocks_what_is_paid_and_one_exposure() -> None:
    spread = (leg(Kind.CALL, Side.BUY, 26000, "120"), leg(Kind.CALL, Side.SELL, 26200, "50"))

    assert margin_of(spread, ON) == D(70 * 65) + D("0.02") * 26200 * 65


def test_a_bought_straddle_blocks_its_premium() -> None:
    straddle = (leg(Kind.CALL, Side.BUY, 26000, "120"), leg(Kind.PUT, Side.BUY, 26000, "110"))

    assert margin_of(straddle, ON) == D(230 * 65)


def test_a_sold_straddle_scans_one_side_and_exposes_both() -> None:
    straddle = (leg(Kind.CALL, Side.SELL, 26000, "120"), leg(Kind.PUT, Side.SELL, 26000, "110"))

    assert margin_of(straddle, ON) == (D("0.093") + 2 * D("0.02")) * 26000 * 65


def test_a_calendar_pays_a_charge_until_the_last_day_on_which_nothing_hedges() -> None:
    near = leg(Kind.CALL, Side.SELL, 26000, "120")
    far = leg(Kind.CALL, Side.BUY, 26000, "200", expiry=date(2026, 12, 29))

    # 80 paid, 1.75 % of the far notional, 2 % of the sold one.
    assert margin_of((near, far), ON) == D(80 * 65) + (D("0.0175") + D("0.02")) * 26000 * 65
    alone = margin_for(near.instrument, Side.SELL, 65, D(120), EXPIRY) + D(200 * 65)
    assert margin_of((near, far), EXPIRY) == alone


def test_hedges_never_make_it_more_than_the_legs_alone() -> None:
    wide = (leg(Kind.CALL, Side.SELL, 26000, "120"), leg(Kind.CALL, Side.BUY, 40000, "0.05"))
    alone = sum(margin_for(one.instrument, one.side, 65, one.price, ON) for one in wide)

    assert margin_of(wide, ON) == alone


def test_another_underlying_hedges_nothing() -> None:
    spread = (leg(Kind.CALL, Side.SELL, 26000, "120"), leg(Kind.CALL, Side.BUY, 26200, "50"))
    other = replace(spread[1].instrument, name="BANKNIFTY")

    apart = margin_of((spread[0], replace(spread[1], instrument=other)), ON)

    assert apart == margin_of([spread[0]], ON) + 50 * 65


@given(
    st.lists(
        st.tuples(
            st.sampled_from((Kind.CALL, Kind.PUT)),
            st.sampled_from((Side.BUY, Side.SELL)),
            st.integers(25_000, 27_000),
            st.integers(1, 400),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_margin_is_between_nothing_and_the_legs_alone_and_grows_with_the_lots(
    told: list[tuple[Kind, Side, int, int]],
) -> None:
    legs = [leg(kind, side, strike, str(price)) for kind, side, strike, price in told]
    twice = [replace(one, quantity=2 * one.quantity) for one in legs]
    alone = sum(margin_for(o.instrument, o.side, o.quantity, o.price, ON) for o in legs)

    margin = margin_of(legs, ON)

    assert 0 <= margin <= alone
    assert abs(margin_of(twice, ON) - 2 * margin) <= D("0.01") * (2 * len(legs) + 1)


def test_a_sold_put_scans_downwards() -> None:
    sold = leg(Kind.PUT, Side.SELL, 26000, "120")

    assert margin_of([sold], ON) == (D("0.093") + D("0.02")) * 26000 * 65


def test_what_is_paid_for_the_bounded_side_adds_to_the_loss_of_the_open_one() -> None:
    reversal = (leg(Kind.CALL, Side.BUY, 26000, "120"), leg(Kind.PUT, Side.SELL, 25000, "50"))

    assert margin_of(reversal, ON) == ((D("0.093") + D("0.02")) * 25000 + 70) * 65


def test_a_future_beside_an_option_is_taken_alone() -> None:
    future = MarginLeg(FUTURE, Side.BUY, 65, D(26000))
    bought = leg(Kind.PUT, Side.BUY, 26000, "110")

    apart = margin_for(FUTURE, Side.BUY, 65, D(26000), ON) + 110 * 65
    assert margin_of((future, bought), ON) == margin_of((bought, future), ON) == apart


def test_half_a_paisa_is_rounded_up() -> None:
    half = replace(leg(Kind.PUT, Side.BUY, 26000, "0.125"), quantity=1)

    assert margin_of([half], ON) == margin_for(half.instrument, Side.BUY, 1, D("0.125"), ON)
    assert margin_of([half], ON) == D("0.13")
