from __future__ import annotations

import itertools
from typing import Any

import pytest

from risk.exits import PRIORITY, URGENCY, ExitReason, ExitRules, StopKind, Urgency, foremost
from strategies.signals import Direction
from tests.unit.risk.exits.builders import LONG, SHORT, only, plan, state_of

R = ExitReason


def test_the_priority_of_exits_is_the_documented_one() -> None:
    documented = (
        R.KILL,
        R.DAILY_LOSS,
        R.END_OF_DAY,
        R.UNDERLYING_STOP,
        R.HARD_STOP,
        R.MAE,
        R.VOLATILITY,
        R.TRAIL,
        R.TARGET2,
        R.TARGET1,
        R.TIME,
        R.UNDERLYING_TARGET,
    )

    assert tuple(reason for reason in PRIORITY if reason in documented) == documented
    assert set(PRIORITY) == set(ExitReason)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(PRIORITY, 2)))
def test_of_any_two_reasons_the_one_of_higher_priority_counts(
    first: ExitReason, second: ExitReason
) -> None:
    assert foremost([second, first]) is first
    assert foremost([first, second]) is first


def test_only_targets_and_time_may_be_worked_patiently() -> None:
    patient = {reason for reason in ExitReason if URGENCY[reason] is Urgency.NORMAL}

    assert patient == {R.TARGET1, R.TARGET2, R.TIME, R.UNDERLYING_TARGET}


@pytest.mark.parametrize(
    ("quantity", "lot_size", "fraction", "expected"),
    [
        (65, 65, 0.5, 0),
        (130, 65, 0.5, 65),
        (195, 65, 0.5, 65),
        (260, 65, 0.5, 130),
        (10, 1, 0.5, 5),
        (11, 1, 0.5, 5),
        (10, 1, 0.3, 3),
        (195, 65, 0.0, 0),
        (195, 65, 1.0, 195),
    ],
)
def test_the_first_part_is_whole_lots_rounded_down(
    quantity: int, lot_size: int, fraction: float, expected: int
) -> None:
    made = plan(quantity=quantity, lot_size=lot_size, rules=only(first_fraction=fraction))

    assert made.first_quantity == expected


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (StopKind.HARD, R.HARD_STOP),
        (StopKind.BREAK_EVEN, R.BREAK_EVEN),
        (StopKind.TRAIL, R.TRAIL),
    ],
)
def test_a_state_names_the_reason_its_stop_would_give(kind: StopKind, reason: ExitReason) -> None:
    assert state_of(plan(), stop_kind=kind).stop_reason is reason


@pytest.mark.parametrize("direction", [LONG, SHORT])
def test_one_r_is_the_distance_to_the_stop(direction: Direction) -> None:
    assert plan(direction).risk == 10.0


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("stop", {"stop": 100.0}),
        ("stop", {"stop": 101.0}),
        ("stop", {"stop": float("nan")}),
        ("target1", {"target1": 100.0}),
        ("target2", {"target2": 99.0}),
        ("target2", {"target2": 111.0}),
        ("quantity", {"quantity": 0}),
        ("quantity", {"quantity": 66}),
        ("quantity", {"lot_size": 0}),
        ("costs_per_unit", {"costs_per_unit": -0.1}),
        ("trail_part", {"trail_part": -0.01}),
        ("trail_part", {"trail_part": 1.0}),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_by_field(
    field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        plan(**changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trail_atr", 0.0),
        ("tighten_atr", -1.0),
        ("tighten_atr", 1.3),
        ("time_stop_minutes", 0.0),
        ("volatility_multiple", float("nan")),
        ("mae_r", 0.0),
        ("arm_at_r", -0.1),
        ("trail_step", -0.1),
        ("first_fraction", 1.1),
        ("first_fraction", -0.1),
        ("time_stop_bars", -1),
    ],
)
def test_settings_out_of_range_are_refused_by_field(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        ExitRules(**{field: value})  # type: ignore[arg-type]


def test_a_trail_that_never_tightens_and_a_first_part_of_all_or_nothing_are_settings() -> None:
    assert ExitRules(trail_atr=1.0, tighten_atr=1.0).tighten_atr == 1.0
    assert [ExitRules(first_fraction=part).first_fraction for part in (0.0, 1.0)] == [0.0, 1.0]
    assert (ExitRules(arm_at_r=0.0).arm_at_r, ExitRules(trail_step=0.0).trail_step) == (0.0, 0.0)


@pytest.mark.parametrize(("direction", "target"), [(LONG, 112.0), (SHORT, 88.0)])
def test_both_targets_may_be_one(direction: Direction, target: float) -> None:
    assert plan(direction, target1=target, target2=target).target2 == target


def test_rules_told_in_bars_are_told_in_minutes_once() -> None:
    told = ExitRules(time_stop_bars=4).on_bars(300)

    assert (told.time_stop_minutes, told.time_stop_bars) == (20.0, 0)
    assert told.on_bars(900) == told
