from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.orders import Fill, Role, Side
from execution.positions import Position, apply, unrealised
from strategies.signals import Direction
from tests.unit.trading.engine.builders import FUTURE, ROOMY, D, at
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.legs import CONDOR, LOW_CALL, LegsDesk
from trading.broadcast_entries import Opinions
from trading.broadcast_positions import Holdings, by_strategy
from trading.engine.actions import (
    CombinationNoted,
    DecisionNoted,
    OrderNoted,
    PlanMoved,
    PlanNoted,
    PositionNoted,
)
from trading.engine.notes import position_note
from trading.engine.settings import ExecutionSettings

AMPLE = replace(ROOMY, max_spread=D("0.02"))

TRADED = st.lists(
    st.tuples(st.integers(1, 5), st.integers(230_000, 250_000)), min_size=1, max_size=4
)
"""Lots and prices in ticks of a tenth."""


def shown(direction: Direction, position: Position, opened: int, last: float) -> float:
    """Return the open profit that a page shows of a position."""
    trade = Desk().enter()
    trade.direction = direction
    trade.opened_quantity = opened
    trade.hold(position)
    trade.booked_realised = position.realised
    holdings = Holdings(Opinions())
    holdings.take(msgspec.to_builtins(position_note(at(10, 0), trade, None, 0)))
    [document] = holdings.document(lambda key: last)
    return float(document["unrealised"])


@given(
    direction=st.sampled_from([Direction.LONG, Direction.SHORT]),
    entries=TRADED,
    exits=st.one_of(st.just([]), TRADED),
    last=st.integers(230_000, 250_000),
)
def test_the_open_profit_shown_is_that_of_the_books_even_beyond_flat(
    direction: Direction,
    entries: list[tuple[int, int]],
    exits: list[tuple[int, int]],
    last: int,
) -> None:
    position, opened = Position(FUTURE), 65 * sum(lots for lots, _ in entries)
    ways = (Side.BUY, Side.SELL) if direction is Direction.LONG else (Side.SELL, Side.BUY)
    for side, fills in zip(ways, (entries, exits), strict=True):
        for number, (lots, ticks) in enumerate(fills):
            moment = at(9, 30) + timedelta(seconds=number)
            told = (f"{side}{number}", "C1", "B1", FUTURE, side, 65 * lots)
            position = apply(position, Fill(*told, Decimal(ticks) / 10, moment))

    profit = shown(direction, position, opened, last / 10)

    assert profit == pytest.approx(float(unrealised(position, Decimal(last) / 10)), abs=0.02)


def margins(desk: Desk) -> tuple[float, float]:
    """Return the margin in use that a page shows, and that of the engine's own books."""
    opinions = Opinions()
    holdings = Holdings(opinions)
    for note in desk.said:
        body = msgspec.to_builtins(note)
        match note:
            case DecisionNoted():
                opinions.decided(body)
            case PlanNoted():
                opinions.planned(body)
            case CombinationNoted():
                opinions.combined(body)
            case PlanMoved():
                opinions.moved(body)
                holdings.moved(body)
            case OrderNoted():
                holdings.ordered(body)
            case PositionNoted():
                holdings.take(body)
            case _:
                pass
    booked = desk.engine.ledger.exposure(desk.engine.last_prices()).margin_inr
    return holdings.margin_used(), float(booked)


def test_the_margin_shown_counts_what_of_an_entry_still_works() -> None:
    desk = Desk(execution=ExecutionSettings(), limits=AMPLE)
    desk.speak()
    asked = margins(desk)
    desk.fill(desk.trade.entries[0], 65, 24_000.1)
    half = margins(desk)
    desk.fill(desk.trade.entries[0], 65, 24_000.1)
    whole = margins(desk)
    desk.fill(desk.trade.stops[0], 65, 23_950.0)
    left = margins(desk)

    assert asked[0] == half[0] == whole[0] == 2 * left[0] > 0
    assert [shown for shown, _ in (asked, half, whole, left)] == pytest.approx(
        [booked for _, booked in (asked, half, whole, left)]
    )


def test_the_margin_shown_of_several_legs_is_that_of_what_is_left_of_them() -> None:
    desk = LegsDesk(CONDOR, execution=ExecutionSettings(), limits=replace(AMPLE, max_lots=2))
    desk.speak()
    asked = margins(desk)
    desk.fill_all(Role.ENTRY)
    hedged = margins(desk)
    desk.fill_all(Role.ENTRY)
    held = margins(desk)
    desk.move(LOW_CALL, 34.5)
    desk.fill_all(Role.EXIT)
    desk.fill_all(Role.EXIT)
    half = margins(desk)

    assert asked[0] == hedged[0] == held[0] > 0
    assert held[0] == pytest.approx(2 * half[0])
    assert [shown for shown, _ in (asked, hedged, held, half)] == pytest.approx(
        [booked for _, booked in (asked, hedged, held, half)]
    )


def test_what_a_strategy_came_to_is_rounded_once_not_trade_by_trade() -> None:
    trades = [
        {
            **{"id": f"P{number}", "combination": "", "strategy": "opening_range"},
            **{"state": "CLOSED", "gross": 100.0, "charges": 0.004, "net": 100.0},
        }
        for number in range(3)
    ]

    [told] = by_strategy(trades)

    assert (told["net"], told["expectancy"], told["wins"]) == (299.99, 100.0, 3)
