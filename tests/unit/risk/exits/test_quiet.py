"""Between which prices and until when a bar decides nothing, and what it leaves behind."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from risk.exits import ExitPlan, ExitReason, ExitRules, ExitState, kernel, opened
from risk.exits.kernel import Beside, Extremes, PricePath, note_quiet, quiet_between
from risk.exits.stepping import plan_vector, state_of, state_vector
from strategies.signals import Direction
from tests.unit.risk.exits.builders import LONG, OPENED_AT, both_sides, mirrored, only, plan
from tests.unit.risk.exits.walking import Path, first_hit, passed

INF, NEVER = math.inf, (math.inf, -math.inf, -math.inf)
STOP = only(hard_stop=True)
TRAIL = only(hard_stop=True, trail=True)
TARGETS = only(hard_stop=True, target1=True, target2=True)
LATER = OPENED_AT + 600


def quiet(
    of: ExitPlan, *, now_s: float = OPENED_AT, **changes: object
) -> tuple[float, float, float]:
    state = replace(opened(of), **changes)  # type: ignore[arg-type]
    return quiet_between(plan_vector(of), state_vector(state), now_s)


def between(direction: Direction, low: float, high: float) -> tuple[float, float]:
    """Return bounds told for a long as they are for `direction`."""
    if direction is LONG:
        return low, high
    return 200 - high, 200 - low


@both_sides
def test_without_targets_all_prices_above_the_stop_are_quiet_for_ever(direction: Direction) -> None:
    assert quiet(plan(direction, STOP)) == (*between(direction, 90.0, INF), INF)


@both_sides
def test_a_stop_that_has_moved_is_the_floor_though_it_rests(direction: Direction) -> None:
    of = plan(direction, STOP, hard_stop_rests=True)
    moved = mirrored(direction, 97.0)

    assert quiet(of, stop=moved)[:2] == between(direction, 97.0, INF)


@both_sides
def test_a_hard_stop_above_the_state_s_is_the_floor(direction: Direction) -> None:
    looser = mirrored(direction, 85.0)

    assert quiet(plan(direction, STOP), stop=looser)[:2] == between(direction, 90.0, INF)


@both_sides
def test_the_worst_excursion_is_the_floor_where_it_is_nearer(direction: Direction) -> None:
    near = plan(direction, only(mae=True, mae_r=0.5), hard_stop_rests=True)

    assert quiet(near)[:2] == between(direction, 95.0, INF)


@both_sides
def test_the_nearest_target_that_is_left_is_the_ceiling(direction: Direction) -> None:
    of = plan(direction, TARGETS)

    assert quiet(of)[:2] == between(direction, 90.0, 112.0)
    assert quiet(of, first_done=True)[:2] == between(direction, 90.0, 120.0)


@both_sides
def test_it_is_over_at_the_end_of_the_day_or_when_the_time_is_up(direction: Direction) -> None:
    rules = only(end_of_day=True, time_stop=True, time_stop_minutes=20.0)

    late = plan(direction, rules, square_off_at_s=OPENED_AT + 7_200)
    early = plan(direction, rules, square_off_at_s=OPENED_AT + 600)

    assert (quiet(late)[2], quiet(early)[2]) == (OPENED_AT + 1_200, OPENED_AT + 600)


@both_sides
def test_where_a_trail_would_arm_is_a_ceiling_and_where_it_tightens_an_end(
    direction: Direction,
) -> None:
    of = plan(direction, TRAIL, tighten_at_s=LATER)

    assert quiet(of) == (*between(direction, 90.0, 110.0), LATER)


@both_sides
def test_without_a_trail_neither_matters(direction: Direction) -> None:
    of = plan(direction, STOP, tighten_at_s=LATER)

    assert quiet(of, armed=True, first_done=True) == (*between(direction, 90.0, INF), INF)


@both_sides
@pytest.mark.parametrize(
    "changes",
    [{"armed": True}, {"first_done": True}, {"best": 110.0}, {"best": 115.0}],
    ids=["armed", "after the first target", "just where it arms", "beyond"],
)
def test_once_the_trail_is_armed_quiet_ends_where_it_would_move_by_a_step(
    direction: Direction, changes: dict[str, object]
) -> None:
    if "best" in changes:
        changes = {"best": mirrored(direction, float(changes["best"]))}  # type: ignore[arg-type]
    step = 0.1
    of = plan(direction, replace(TRAIL, trail_step=step), tighten_at_s=LATER)

    bounds = quiet(of, **changes)

    moves_at = 90.0 / (1 - step) if direction is LONG else 110.0 / (1 + step)
    far = 1 if direction is LONG else 0
    assert bounds[far] == pytest.approx(moves_at, rel=1e-8)
    assert direction * (moves_at - bounds[far]) > 0
    assert (bounds[1 - far], bounds[2]) == (mirrored(direction, 90.0), INF)


@both_sides
def test_a_trail_that_tightens_is_armed(direction: Direction) -> None:
    of = plan(direction, TRAIL, tighten_at_s=LATER)

    assert quiet(of, now_s=LATER) == quiet(of, armed=True)
    assert quiet(of, now_s=LATER - 1) != quiet(of, armed=True)


@both_sides
def test_a_trail_of_any_step_leaves_nothing_quiet(direction: Direction) -> None:
    low, high, _ = quiet(plan(direction, replace(TRAIL, trail_step=0.0)), armed=True)

    assert low >= high


def test_a_step_of_the_whole_price_never_moves_the_stop_of_a_long() -> None:
    of = plan(LONG, replace(TRAIL, trail_step=1.0))

    assert quiet(of, armed=True) == (90.0, INF, INF)


@both_sides
def test_once_the_time_is_up_quiet_ends_at_the_entry(direction: Direction) -> None:
    of = plan(direction, only(time_stop=True, time_stop_minutes=20.0))

    assert quiet(of, now_s=OPENED_AT + 1_199)[2] == OPENED_AT + 1_200
    assert quiet(of, now_s=OPENED_AT + 1_200) == (*between(direction, 100.0, INF), INF)


@both_sides
def test_short_of_arming_it_still_is(direction: Direction) -> None:
    nearly = quiet(plan(direction, TRAIL), best=mirrored(direction, 109.95))

    assert nearly[:2] == between(direction, 90.0, 110.0)


def test_a_position_that_is_closed_is_never_quiet_and_one_of_a_single_unit_is() -> None:
    of = plan(rules=STOP)

    assert quiet(of, open_quantity=0) == NEVER
    assert quiet(of, open_quantity=1) == (90.0, INF, INF)


def noted(of: ExitPlan, seen: Extremes, **changes: object) -> ExitState:
    vector = state_vector(replace(opened(of), **changes)).copy()  # type: ignore[arg-type]
    note_quiet(plan_vector(of), vector, seen)
    return state_of(vector)


def test_a_quiet_stretch_leaves_its_extremes_and_no_price_through_the_stop() -> None:
    seen = Extremes(95.0, 105.0, OPENED_AT + 60.0)

    state = noted(plan(rules=STOP), seen, through_since_s=float(OPENED_AT), phase=2)

    assert (state.worst, state.best, state.armed) == (95.0, 105.0, False)
    assert (state.through_since_s, state.bar_end_s, state.phase) == (None, None, 0)


@both_sides
@pytest.mark.parametrize(
    ("best", "ended", "first_done", "armed"),
    [
        (109.95, LATER - 1, False, False),
        (110.0, LATER - 1, False, True),
        (100.0, LATER, False, True),
        (100.0, LATER - 1, True, True),
    ],
    ids=["before", "far enough", "late", "after the first target"],
)
def test_a_quiet_stretch_arms_the_trail_as_a_step_would(
    direction: Direction, best: float, ended: int, first_done: bool, armed: bool
) -> None:
    of = plan(direction, STOP, tighten_at_s=LATER)
    low, high = sorted((100.0, mirrored(direction, best)))

    state = noted(of, Extremes(low, high, float(ended)), first_done=first_done)

    assert state.armed is armed


def path_of(*bars: tuple[float, float, float, float], slow: float = 5.0) -> Path:
    """Return bars of a minute told as open, high, low, close."""
    first, high, low, close = (np.array(values) for values in zip(*bars, strict=True))
    atr, starts = np.full(len(bars), 5.0), OPENED_AT + 60 * np.arange(len(bars), dtype=np.int64)
    return Path(first, high, low, close, atr, np.full(len(bars), slow), starts, 60)


CALM = (100.0, 101.0, 99.0, 100.0)


@pytest.mark.parametrize(
    ("bar", "best", "worst"),
    [
        ((100.0, 104.0, 96.0, 100.0), 104.0, 96.0),
        ((105.0, 101.0, 99.0, 100.0), 105.0, 99.0),
        ((95.0, 101.0, 99.0, 100.0), 101.0, 95.0),
        ((100.0, 101.0, 99.0, 106.0), 106.0, 99.0),
        ((100.0, 101.0, 99.0, 94.0), 101.0, 94.0),
    ],
    ids=["high and low", "open above", "open below", "close above", "close below"],
)
def test_the_extremes_of_quiet_bars_are_those_of_all_their_prices(
    bar: tuple[float, float, float, float], best: float, worst: float
) -> None:
    of = plan(rules=STOP)

    for bars in ((bar, CALM), (CALM, bar)):
        state = first_hit(of, opened(of), path_of(*bars), start=0).state
        assert (state.best, state.worst) == (best, worst)


@pytest.mark.parametrize(
    "bar",
    [
        (90.0, 101.0, 99.0, 100.0),
        (100.0, 101.0, 90.0, 100.0),
        (100.0, 101.0, 99.0, 90.0),
        (100.0, 90.0, 99.0, 100.0),
    ],
    ids=["open", "low", "close", "high"],
)
def test_a_bar_that_touches_a_level_with_any_of_its_prices_is_not_passed(
    bar: tuple[float, float, float, float],
) -> None:
    hit = first_hit(plan(rules=STOP), opened(plan(rules=STOP)), path_of(CALM, bar), start=0)

    assert hit.index == 1
    assert hit.decision is not None
    assert (hit.decision.reason, hit.decision.level) == (ExitReason.HARD_STOP, 90.0)


@pytest.mark.parametrize(
    "bar",
    [
        (112.0, 101.0, 99.0, 100.0),
        (100.0, 112.0, 99.0, 100.0),
        (100.0, 101.0, 112.0, 100.0),
        (100.0, 101.0, 99.0, 112.0),
    ],
    ids=["open", "high", "low", "close"],
)
def test_a_bar_that_touches_a_target_with_any_of_its_prices_is_not_passed(
    bar: tuple[float, float, float, float],
) -> None:
    of = plan(rules=TARGETS)

    hit = first_hit(of, opened(of), path_of(CALM, bar), start=0)

    assert hit.index == 1
    assert hit.decision is not None
    assert (hit.decision.reason, hit.decision.level) == (ExitReason.TARGET1, 112.0)


@pytest.mark.parametrize(("minutes", "index"), [(2.0, 1), (2.5, 2), (3.0, 2)])
def test_the_bar_that_ends_when_the_time_is_up_is_not_passed(minutes: float, index: int) -> None:
    of = plan(rules=only(time_stop=True, time_stop_minutes=minutes))

    hit = first_hit(of, opened(of), path_of(CALM, CALM, CALM, CALM), start=0)

    assert hit.index == index
    assert hit.decision is not None
    assert hit.decision.reason is ExitReason.TIME


@pytest.mark.parametrize(("slow", "is_out"), [(9.95, False), (10.0, True)])
def test_quiet_prices_of_a_wild_market_are_not_passed(slow: float, is_out: bool) -> None:
    of = plan(rules=only(volatility=True, volatility_multiple=2.0))

    hit = first_hit(of, opened(of), path_of(CALM, CALM, slow=slow), start=0)

    assert (hit.decision is not None, hit.index) == (is_out, 0 if is_out else 2)


def test_the_rest_of_a_bar_in_which_a_part_was_closed_is_not_passed() -> None:
    of = plan(rules=ExitRules(time_stop=False, volatility=False, mae=False, trail=False))
    along = path_of((100.0, 113.0, 99.0, 100.0))

    first = first_hit(of, opened(of), along, start=0)
    rest = first_hit(of, first.state, along, start=0)

    assert first.decision is not None
    assert rest.decision is not None
    assert [first.decision.reason, rest.decision.reason] == [
        *(ExitReason.TARGET1, ExitReason.BREAK_EVEN),
    ]


CALM_PATH = path_of(CALM, CALM, CALM, CALM)


@pytest.mark.parametrize(
    ("beside", "first"),
    [
        (Beside(-INF, INF, INF), 3),
        (Beside(99.0, INF, INF), 0),
        (Beside(98.9, INF, INF), 3),
        (Beside(-INF, 101.0, INF), 0),
        (Beside(-INF, 101.1, INF), 3),
        (Beside(-INF, INF, OPENED_AT + 120.0), 1),
        (Beside(-INF, INF, OPENED_AT + 121.0), 2),
    ],
    ids=["nothing", "a stop", "just not", "a target", "just not that", "a time", "later"],
)
def test_what_matters_beside_the_plan_ends_the_bars_that_are_passed(
    beside: Beside, first: int
) -> None:
    of = plan(rules=STOP)
    state = state_vector(opened(of)).copy()
    path = PricePath(CALM_PATH.low, CALM_PATH.high, CALM_PATH.start_s)

    assert kernel.first_hit(plan_vector(of), state, path, (0, 4), beside) == first
    assert state_of(state).best == (101.0 if first else 100.0)


def test_a_bar_that_stands_over_missing_minutes_is_not_passed_when_time_is_up_in_them() -> None:
    of = plan(rules=only(time_stop=True, time_stop_minutes=4.0))
    gap = CALM_PATH._replace(start_s=OPENED_AT + np.array([0, 60, 600, 660]))

    assert passed(of, opened(of), gap, 0)[0] == 1


@pytest.mark.parametrize(
    ("starts", "first"), [((0, 60, 240, 300), 1), ((0, 240, 600, 660), 0), ((0, 60, 120, 240), 2)]
)
def test_a_bar_that_stands_until_time_is_up_is_not_passed_where_minutes_are_missing(
    starts: tuple[int, ...], first: int
) -> None:
    of = plan(rules=only(time_stop=True, time_stop_minutes=4.0))
    gap = CALM_PATH._replace(start_s=OPENED_AT + np.array(starts))

    assert passed(of, opened(of), gap, 0)[0] == first
