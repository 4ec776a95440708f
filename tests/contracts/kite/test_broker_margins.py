from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest

from execution.broker import MarginAnswer, OutcomeUnknown, Refused
from execution.kite.broker import KiteBroker
from execution.margins import MarginLeg
from execution.orders import Side
from marketdata.pacing import Call, Lane, OverBudget
from tests.contracts.kite.desk import CALL as OPTION
from tests.contracts.kite.desk import D, FreePacer, desk
from tests.contracts.kite.scripted_kite import ScriptedKite, scripted_kite, success

BASKET, FUNDS = "POST /margins/basket", "GET /user/margins/equity"
SOLD = MarginLeg(OPTION, Side.SELL, 65, D(100))
BOUGHT = MarginLeg(OPTION, Side.BUY, 65, D(40))


def lines(**told: float) -> dict[str, Any]:
    none = dict.fromkeys(("span", "exposure", "option_premium", "additional", "var", "bo"), 0)
    return none | told


def basket(*orders: dict[str, Any], **final: float) -> dict[str, Any]:
    return {"initial": lines(), "final": lines(**final), "orders": list(orders), "charges": {}}


@pytest.fixture
def kite() -> Iterator[ScriptedKite]:
    with scripted_kite() as server:
        server.will(FUNDS, success({"net": 250000.5}))
        yield server


@pytest.fixture
async def broker(kite: ScriptedKite) -> AsyncIterator[KiteBroker]:
    opened, _ = desk(kite.root)
    yield opened
    opened.close()


async def test_a_spread_needs_what_is_scanned_and_the_premium_it_pays_never_the_netted_total(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    told = basket(
        lines(option_premium=2600.0),
        lines(span=90000.0, exposure=33800.0),
        span=13000.0,
        exposure=33800.0,
        option_premium=2600.0 - 6500.0,
        total=42900.0,
    )
    kite.will(BASKET, success(told))

    answer = await broker.margin([BOUGHT, SOLD])

    assert answer == MarginAnswer(D(13000 + 33800 + 2600), Decimal("250000.5"))


async def test_an_overdrawn_account_has_less_than_nothing_free(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(BASKET, success(basket(lines(span=1.0), span=1.0)))
    kite.will(FUNDS, success({"net": -12.25}))

    assert (await broker.margin([SOLD])).free_inr == Decimal("-12.25")


@pytest.mark.parametrize(
    "told",
    [
        {"final": lines(span=1.0)},
        basket(span=1.0),
        basket(lines(), span=-1.0),
        {"final": None, "orders": [lines()]},
        [],
    ],
)
async def test_an_answer_that_cannot_be_read_proves_nothing(
    kite: ScriptedKite, broker: KiteBroker, told: Any
) -> None:
    kite.will(BASKET, success(told))

    with pytest.raises(OutcomeUnknown, match="margins"):
        await broker.margin([SOLD])


async def test_without_a_turn_nothing_is_asked(kite: ScriptedKite) -> None:
    class Busy(FreePacer):
        async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
            raise OverBudget("other-second", 1.5)

    opened, _ = desk(kite.root, pacer=Busy())

    with pytest.raises(Refused, match="Not asked: rate budget other-second"):
        await opened.margin([SOLD])

    opened.close()
