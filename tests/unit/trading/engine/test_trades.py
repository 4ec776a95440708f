from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.unit.trading.engine.builders import INDEX_COLUMN, saying
from tests.unit.trading.engine.desk import Desk
from trading.engine.settings import ExecutionSettings
from trading.engine.trades import PLAN_MOVES, IllegalMoveError, PlanState, Trade


def a_trade(state: PlanState, **overrides: object) -> Trade:
    desk = Desk(**overrides)
    desk.speak()
    return replace(desk.trade, state=state)


@pytest.mark.parametrize(("before", "after"), list(product(PlanState, PlanState)))
def test_only_the_moves_of_the_table_are_possible(before: PlanState, after: PlanState):
    trade = a_trade(before)

    if after is before:
        assert not trade.move(after)
    elif after in PLAN_MOVES[before]:
        assert trade.move(after)
        assert trade.state is after
    else:
        with pytest.raises(IllegalMoveError, match=f"{before} -> {after}"):
            trade.move(after)


def test_a_distance_in_r_is_positive_where_it_is_profit():
    long, short = (
        a_trade(PlanState.OPEN),
        a_trade(PlanState.OPEN, strategies=saying(14, INDEX_COLUMN, side=-1)),
    )

    assert long.in_r(24_050.2) == pytest.approx(1.0)
    assert short.in_r(23_949.8) == pytest.approx(1.0)
    assert long.in_r(23_950.0) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    "bad",
    [
        {"entry_timeout_seconds": 0},
        {"exit_retry_seconds": 0},
        {"exit_attempts": 0},
        {"stop_offset_fraction": 1.0},
    ],
)
def test_settings_of_execution_that_cannot_work_are_refused(bad):
    with pytest.raises(ValueError, match="execution"):
        ExecutionSettings(**bad)
