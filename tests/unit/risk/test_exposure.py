from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from risk.exposure import Exposure, Held, OpenRisk, risk_at_stop
from strategies.signals import Direction

D = Decimal


def risk(key: str, underlying: str, strategy: str, rupees: int, *, working: bool) -> OpenRisk:
    return OpenRisk(key, underlying, strategy, Direction.LONG, 65, D(1000), D(rupees), working)


BOOK = Exposure(
    equity_inr=D(1_000_000),
    day_start_equity_inr=D(1_000_000),
    realised_inr=D(-700),
    unrealised_inr=D(200),
    open=(
        risk("a", "NIFTY", "ORB", 3000, working=False),
        risk("b", "BANKNIFTY", "ORB", 2000, working=True),
        risk("c", "NIFTY", "TREND", 1000, working=False),
    ),
)


def test_heat_and_margin_count_working_entries_as_filled() -> None:
    assert BOOK.heat_inr == 6000
    assert BOOK.margin_inr == 3000


def test_positions_are_counted_by_strategy_and_by_underlying() -> None:
    assert BOOK.count == 3
    assert BOOK.count_of("ORB") == 2
    assert [one.key for one in BOOK.on("NIFTY")] == ["a", "c"]


def test_the_profit_of_the_day_adds_realised_and_unrealised() -> None:
    assert BOOK.profit_of_day_inr == -500


def test_an_empty_book_has_no_heat() -> None:
    empty = Exposure(D(1), D(1), D(0), D(0), ())

    assert (empty.heat_inr, empty.margin_inr, empty.count) == (0, 0, 0)


@pytest.mark.parametrize(
    ("direction", "stop", "expected"),
    [
        (Direction.LONG, "24950", 50 * 65 + 100),
        (Direction.SHORT, "25050", 50 * 65 + 100),
        (Direction.LONG, "25000", 100),
        (Direction.LONG, "25001", 100 - 65),
        (Direction.LONG, "25010", 0),
        (Direction.SHORT, "24990", 0),
    ],
)
def test_risk_at_the_stop_shrinks_with_the_stop_and_is_never_negative(
    direction: Direction, stop: str, expected: int
) -> None:
    held = Held(direction, 65, D(25000))

    assert risk_at_stop(held, D(stop), exit_costs_inr=D(100), slippage=D(0)) == expected


def test_slippage_is_counted_for_every_unit() -> None:
    held = Held(Direction.LONG, 65, D(25000))

    told = risk_at_stop(held, D(25000), exit_costs_inr=D(100), slippage=D("0.1"))

    assert told == D("106.5")


@given(stop=st.decimals(1, 200, places=2), tighter=st.decimals(0, 50, places=2))
def test_a_tighter_stop_never_raises_the_risk(stop: Decimal, tighter: Decimal) -> None:
    held = Held(Direction.LONG, 65, D(100))

    wide = risk_at_stop(held, stop, exit_costs_inr=D(50), slippage=D("0.1"))
    tight = risk_at_stop(held, stop + tighter, exit_costs_inr=D(50), slippage=D("0.1"))

    assert 0 <= tight <= wide


def test_negative_risk_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^risk_inr: -1 of a"):
        risk("a", "NIFTY", "ORB", -1, working=False)


@pytest.mark.parametrize("field", ["quantity", "margin_inr", "risk_inr"])
def test_what_is_held_may_be_nothing_and_what_is_below_is_refused_by_name(field: str) -> None:
    nothing = structs.replace(BOOK.open[0], quantity=0, margin_inr=D(0), risk_inr=D(0))

    with pytest.raises(ValueError, match=f"^{field}: -1 of a, expected 0 or more$"):
        structs.replace(nothing, **{field: -1})
