"""The prices of what a plan would send: inside the day's bands, and near enough to the market."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import inf, nan
from typing import Any

import pytest

from execution.orders import Side
from marketdata.instruments import Kind
from risk.price_rules import price_band
from risk.rules import RULES
from risk.verdict import Verdict
from strategies.structures import Quote
from tests.unit.risk.builders import (
    FUTURE,
    SHARE,
    STAGES,
    D,
    ask,
    context,
    leg,
    proposal,
    quote,
    short_proposal,
)


def test_the_gate_asks_it() -> None:
    assert price_band in RULES


BANDS = {FUTURE.key: (D("24900"), D("25100"))}


def test_a_day_without_bands_refuses_no_price_and_says_so() -> None:
    verdict = ask(price_band, desk=context(bands=None))

    assert verdict == Verdict("price-band", True, "no bands", "any price", "", "none told today")


def test_an_entry_and_a_stop_inside_the_band_pass_also_on_its_edge() -> None:
    desk = context(bands=BANDS, stops=((FUTURE.key, D("24950")), (FUTURE.key, D("24900"))))

    verdict = ask(price_band, desk=desk)

    entry = f"entry of {FUTURE.key}"
    assert verdict == Verdict("price-band", True, D(25_000), "24900 to 25100", "INR", entry)


@pytest.mark.parametrize("touch", [24_899.9, 25_100.1])
def test_an_entry_outside_the_band_is_refused_with_its_price(touch: float) -> None:
    asked = proposal(legs=(leg(at_quote=quote(touch, touch)),))

    verdict = ask(price_band, asked, context(bands=BANDS))

    entry, price = f"entry of {FUTURE.key}", D(repr(touch))
    assert verdict == Verdict("price-band", False, price, "24900 to 25100", "INR", entry)


def test_the_limit_beyond_the_touch_is_what_counts() -> None:
    asked = proposal(legs=(leg(at_quote=quote(25_100.0, 25_100.0)),))

    assert ask(price_band, asked, context(bands=BANDS)).passed
    assert not ask(price_band, asked, context(bands=BANDS), chase_ticks=1).passed


def test_a_stop_that_the_exchange_would_refuse_is_refused() -> None:
    desk = context(bands=BANDS, stops=((FUTURE.key, D("24900")), (FUTURE.key, D("24899.9"))))

    verdict = ask(price_band, desk=desk)

    assert not verdict.passed
    assert (verdict.measured, verdict.detail) == (D("24899.9"), f"stop of {FUTURE.key}")


def test_a_contract_without_a_band_is_refused_where_others_have_one() -> None:
    verdict = ask(price_band, desk=context(bands={SHARE.key: (D(1), D(2))}))

    entry = f"entry of {FUTURE.key}"
    assert verdict == Verdict("price-band", False, D(25_000), "no band", "INR", entry)


def test_every_leg_is_judged_by_its_own_band() -> None:
    other = replace(FUTURE, token=9, symbol="NIFTY26SEPFUT")
    asked = proposal(legs=(leg(), leg(other)))
    desk = context(bands={**BANDS, other.key: (D("25050"), D("25100"))})

    verdict = ask(price_band, asked, desk)

    assert (verdict.passed, verdict.detail) == (False, f"entry of {other.key}")


def test_without_any_price_there_is_nothing_to_judge() -> None:
    asked = proposal(legs=(leg(at_quote=quote(float("nan"), float("nan"))),))

    verdict = ask(price_band, asked, context(bands=BANDS))

    assert verdict == Verdict("price-band", True, "no price", "any price")


CALL = replace(
    FUTURE,
    token=7,
    symbol="NIFTY26AUG25000CE",
    kind=Kind.CALL,
    strike=D(25_000),
    tick_size=D("0.05"),
)
STOCK = replace(FUTURE, token=8, symbol="YESBANK26AUGFUT", name="YESBANK", tick_size=D("0.05"))


@pytest.mark.parametrize(
    ("instrument", "bid", "ask_at", "ticks", "passes"),
    [
        (FUTURE, 24_500.0, 25_500.0, 0, True),  # the ask at 2 % of the middle
        (FUTURE, 24_499.9, 25_500.1, 0, False),
        (CALL, 60.0, 140.0, 0, True),
        (CALL, 60.0, 140.0, 1, False),
        (CALL, 2.0, 40.0, 0, True),  # 20 rupees up to 50
        (STOCK, 18.5, 21.5, 0, True),
        (STOCK, 18.5, 21.5, 1, False),
    ],
)
@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_an_entry_may_lie_as_far_from_the_middle_as_the_exchange_lets_it(
    instrument: Any, bid: float, ask_at: float, ticks: int, passes: bool, side: Side
) -> None:
    made = leg(instrument, side, at_quote=quote(bid, ask_at))

    verdict = ask(price_band, proposal(legs=(made,)), chase_ticks=ticks)

    assert verdict.passed is passes
    if not passes:
        told = (verdict.measured, verdict.detail)
        assert told == (
            made.limit_price(ticks),
            f"entry of {instrument.key}, limit price protection",
        )
        low, high = map(D, str(verdict.allowed).split(" to "))
        assert not low <= D(verdict.measured) <= high


@pytest.mark.parametrize(("ticks", "passes"), [(399, True), (400, False)])
def test_a_premium_below_a_rupee_is_a_reference_too(ticks: int, passes: bool) -> None:
    asked = proposal(legs=(leg(CALL, at_quote=quote(0.45, 0.55)),))

    assert ask(price_band, asked, chase_ticks=ticks).passed is passes


@pytest.mark.parametrize(("last", "ask_at"), [(nan, nan), (0.0, nan), (inf, nan), (25_000.0, inf)])
def test_where_the_middle_of_the_book_is_not_known_the_range_refuses_nothing(
    last: float, ask_at: float
) -> None:
    one_sided = Quote(last=last, bid=25_000.0, ask=ask_at, bid_quantity=650, ask_quantity=0)
    asked = short_proposal(legs=(leg(side=Side.SELL, at_quote=one_sided),))

    assert ask(price_band, asked).measured == "no bands"


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize(("beyond", "passes"), [(-0.1, True), (0, True), (0.1, False)])
def test_a_stops_limit_is_held_against_its_trigger(way: int, beyond: float, passes: bool) -> None:
    trigger = D(24_950)
    limit = trigger - way * (499 + D(str(beyond)))
    desk = context(stops=((FUTURE.key, trigger), (FUTURE.key, limit)))

    verdict = ask(price_band, desk=desk)

    assert verdict.passed is passes
    if not passes:
        expected = Verdict(
            "price-band",
            False,
            limit,
            "24451.00 to 25449.00",
            "INR",
            f"stop of {FUTURE.key}, limit price protection",
        )
        assert verdict == expected


def test_a_stop_that_ends_at_the_market_and_a_stop_of_another_contract_are_not_held_so() -> None:
    far = D(10_000)

    assert ask(price_band, desk=context(stops=((FUTURE.key, far),))).passed
    assert ask(price_band, desk=context(stops=((SHARE.key, far), (SHARE.key, D(1))))).passed


def test_before_the_exchange_had_such_a_range_nothing_is_refused_for_it() -> None:
    early = date(2022, 10, 28)
    then = replace(
        STAGES, flat_by=STAGES.flat_by.replace(year=early.year, month=early.month, day=early.day)
    )
    far = ((FUTURE.key, D(24_950)), (FUTURE.key, D(10_000)))

    assert ask(price_band, desk=context(stages=then, stops=far)).passed
    assert not ask(price_band, desk=context(stops=far)).passed


def test_shares_have_no_such_range() -> None:
    wide = proposal(legs=(leg(SHARE, at_quote=quote(1_000.0, 1_400.0)),), stop=900.0)

    assert ask(price_band, wide).passed
