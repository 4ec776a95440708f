"""What legs need at Kite: the question as it goes out, and what is made of the two answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.broker import MarginAnswer, NotNow, OutcomeUnknown
from execution.kite.basket import Margins, basket_form, margin_answer
from execution.kite.rows import RowError
from execution.margins import MarginLeg
from execution.orders import Side
from marketdata.instruments import Exchange
from marketdata.kite.client import Client
from marketdata.pacing import OverBudget
from tests.contracts.kite.desk import CALL, NOW, D

SOLD = MarginLeg(CALL, Side.SELL, 65, D("100.05"))
BOUGHT = MarginLeg(
    replace(CALL, exchange=Exchange.BFO, symbol="SENSEX26NOV85000CE"), Side.BUY, 20, D(40)
)
FUNDS = {"net": 250000.5, "available": {"cash": 1.0}}
BLOCKED = ("span", "exposure", "additional", "var", "bo")


def lines(**told: object) -> dict[str, object]:
    """Return the figures of an order or of the whole, 0 where nothing is told."""
    return dict.fromkeys((*BLOCKED, "option_premium"), 0) | told


def basket(*orders: dict[str, object], **final: object) -> dict[str, object]:
    return {"initial": lines(span=7), "final": lines(**final), "orders": list(orders)}


class Kite:
    """A client that answers what a test says, and remembers what it was asked."""

    def __init__(self, told: object, funds: object = None) -> None:
        self.told = told
        self.funds = FUNDS if funds is None else funds
        self.asked: list[tuple[object, ...]] = []

    def basket_order_margins(self, params: Sequence[object], consider: str) -> object:
        self.asked.append(("basket", params, consider))
        return self.told

    def margins(self, segment: str) -> object:
        self.asked.append(("margins", segment))
        return self.funds

    async def ask(self, call: Callable[[Client], object]) -> object:
        await asyncio.sleep(0)
        return call(cast(Any, self))


class Times:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_each_leg_is_asked_for_as_an_intraday_limit_order() -> None:
    assert basket_form([SOLD, BOUGHT]) == [
        {
            "exchange": "NFO",
            "tradingsymbol": "NIFTY26NOV26000CE",
            "transaction_type": "SELL",
            "variety": "regular",
            "product": "MIS",
            "order_type": "LIMIT",
            "quantity": 65,
            "price": 100.05,
        },
        {
            "exchange": "BFO",
            "tradingsymbol": "SENSEX26NOV85000CE",
            "transaction_type": "BUY",
            "variety": "regular",
            "product": "MIS",
            "order_type": "LIMIT",
            "quantity": 20,
            "price": 40.0,
        },
    ]


@pytest.mark.parametrize("name", BLOCKED)
def test_all_that_kite_scans_and_adds_is_needed(name: str) -> None:
    told = basket(lines(span=999), **{name: 1200.5})

    assert margin_answer([SOLD], told, FUNDS) == MarginAnswer(D("1200.5"), D("250000.5"))


def test_the_premium_of_bought_legs_is_paid_and_that_of_sold_ones_counts_for_nothing() -> None:
    told = basket(
        lines(option_premium=6503.25),
        lines(option_premium=800.25),
        span=13000,
        exposure=2000,
        option_premium=-5703.0,
        total=9297.0,
    )

    assert margin_answer([SOLD, BOUGHT], told, FUNDS).required_inr == D("15800.25")


def test_the_premium_of_a_sold_leg_need_not_even_be_told() -> None:
    told = basket({"span": 13000.0}, span=13000)

    assert margin_answer([SOLD], told, FUNDS).required_inr == 13000


@given(
    paise=st.lists(st.integers(min_value=0, max_value=10**11), min_size=5, max_size=5),
    premium=st.integers(min_value=0, max_value=10**11),
)
def test_what_is_needed_adds_up_to_the_paisa(paise: list[int], premium: int) -> None:
    final = {name: part / 100 for name, part in zip(BLOCKED, paise, strict=True)}
    told = basket(lines(option_premium=premium / 100), **final)

    needed = margin_answer([BOUGHT], told, FUNDS).required_inr

    assert needed == Decimal(sum(paise) + premium) / 100


ONE = lines(option_premium=0)


@pytest.mark.parametrize(
    ("told", "funds", "fault"),
    [
        ([], FUNDS, "basket: expected named figures"),
        ({"orders": [ONE, ONE]}, FUNDS, "final: expected named figures"),
        ({"final": ONE}, FUNDS, "orders: expected a line for each of 2 legs"),
        ({"final": ONE, "orders": (ONE, ONE)}, FUNDS, "orders: expected a line for each of 2 legs"),
        (basket(ONE), FUNDS, "orders: expected a line for each of 2 legs"),
        (basket(ONE, ONE, ONE), FUNDS, "orders: expected a line for each of 2 legs"),
        ({"final": ONE, "orders": [ONE, 5]}, FUNDS, "orders: expected named figures"),
        (basket(ONE, {"span": 1}), FUNDS, "option_premium: expected a price"),
        (basket(ONE, ONE, exposure=-1), FUNDS, "exposure: expected a price, 0 or above"),
        (basket(ONE, ONE, bo="none"), FUNDS, "bo: expected a price"),
        (basket(ONE, ONE), [], "funds: expected named figures"),
        (basket(ONE, ONE), {"cash": 1}, "net: expected an amount"),
    ],
)
def test_an_answer_that_is_not_whole_names_what_is_missing(
    told: object, funds: object, fault: str
) -> None:
    with pytest.raises(RowError) as refused:
        margin_answer([SOLD, BOUGHT], told, funds)

    assert str(refused.value) == fault


async def test_the_basket_is_asked_without_what_is_held_and_the_funds_of_the_equity_segment() -> (
    None
):
    kite = Kite(basket(lines(), span=12.5), {"net": -3})

    answer = await Margins(kite.ask, Times()).answer([SOLD])

    assert answer == MarginAnswer(D("12.5"), D(-3))
    assert sorted(kite.asked, key=str) == [
        ("basket", basket_form([SOLD]), "false"),
        ("margins", "equity"),
    ]


@pytest.mark.parametrize(("seconds", "reads"), [(0, 1), (1, 1), (1.001, 2)])
async def test_what_is_free_counts_for_a_second_and_what_is_needed_for_its_legs_alone(
    seconds: float, reads: int
) -> None:
    kite, times = Kite(basket(lines())), Times()
    margins = Margins(kite.ask, times)
    await margins.answer([SOLD])

    times.now = NOW + timedelta(seconds=seconds)
    await margins.answer([SOLD])

    asked = [each[0] for each in kite.asked]
    assert (asked.count("basket"), asked.count("margins")) == (2, reads)


async def test_what_cannot_be_read_is_no_answer() -> None:
    kite = Kite(basket(lines()), {"cash": 1})

    with pytest.raises(OutcomeUnknown) as unknown:
        await Margins(kite.ask, Times()).answer([SOLD])

    assert str(unknown.value) == "margins: net: expected an amount"
    assert isinstance(unknown.value.__cause__, RowError)


async def test_without_a_turn_the_question_may_be_asked_again() -> None:
    over = OverBudget("other-second", 1.5)

    async def ask(call: Callable[[Client], object]) -> object:
        raise over

    with pytest.raises(NotNow) as refused:
        await Margins(ask, Times()).answer([SOLD])

    assert str(refused.value) == f"Not asked: {over}."
    assert refused.value.__cause__ is over
