from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketdata.features.catalogue import ONE_OF_EACH, compile_all
from marketdata.features.ema import EMA
from marketdata.features.kernels import _compiled, _text

EACH = pytest.mark.parametrize("feature", ONE_OF_EACH, ids=lambda f: type(f).__name__)
FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SEEDS = st.integers(0, 2**32 - 1)
PRICES = ("open", "high", "low", "close", "volume")


def stepped(feature, grid):
    state = feature.new_state(grid.close.shape[1])
    return np.stack([feature.step(state, grid.row(t)) for t in range(len(grid))], axis=1)


def same(left, right):
    return left.tobytes() == right.tobytes()


@EACH
@FEW
@given(seed=SEEDS, columns=st.integers(1, 7))
def test_a_run_is_the_steps_to_the_last_bit(make_market, feature, seed, columns):
    grid = make_market(seed, rows=130, columns=columns, holes=True)

    assert same(feature.run(grid), stepped(feature, grid))


@EACH
def test_a_run_over_recorded_bars_is_the_steps_to_the_last_bit(history, feature):
    assert same(feature.run(history), stepped(feature, history))


@EACH
@FEW
@given(seed=SEEDS, cut=st.integers(1, 129))
def test_what_comes_later_changes_nothing_before(make_market, feature, seed, cut):
    grid = make_market(seed, rows=130, columns=3, holes=True)
    other = make_market(seed ^ 1, rows=130, columns=3, holes=True)
    mixed = {name: getattr(grid, name).copy() for name in (*PRICES, "oi", "gap")}
    for name, values in mixed.items():
        values[cut:] = getattr(other, name)[cut:]

    assert same(feature.run(replace(grid, **mixed))[:, :cut], feature.run(grid)[:, :cut])


@EACH
@FEW
@given(seed=SEEDS)
def test_a_column_knows_nothing_of_its_neighbours(make_market, feature, seed):
    grid = make_market(seed, rows=130, columns=5, holes=True)
    alone = {name: getattr(grid, name)[:, 2:3] for name in (*PRICES, "oi", "gap")}

    assert same(feature.run(replace(grid, **alone))[..., 0], feature.run(grid)[..., 2].copy())


@EACH
def test_a_column_that_begins_late_is_like_one_that_begins_then(make_market, feature):
    grid = make_market(3, rows=150, columns=2, holes=False)
    late = {name: getattr(grid, name).copy() for name in PRICES[:4]}
    for values in late.values():
        values[:30, 0] = np.nan
    cut = {
        name: getattr(grid, name)[30:]
        for name in (*PRICES, "oi", "gap", "start", "session", "minute")
    }

    begun_late = feature.run(replace(grid, **late))

    assert np.isnan(begun_late[:, :30, 0]).all()
    assert same(begun_late[:, 30:, 0].copy(), feature.run(replace(grid, **cut))[..., 0].copy())


@EACH
def test_a_bar_without_a_price_leaves_the_memory_alone(make_market, feature):
    grid = make_market(4, rows=60, columns=2, holes=False)
    state = feature.new_state(2)
    for t in range(59):
        feature.step(state, grid.row(t))
    nothing = np.full(2, np.nan)
    before = state.copy()

    out = feature.step(
        state, replace(grid.row(59), open=nothing, high=nothing, low=nothing, close=nothing)
    )

    assert same(state, before)
    assert np.isnan(out).all()


@EACH
def test_the_main_output_is_silent_through_the_warm_up(make_market, feature):
    grid = make_market(5, rows=150, columns=3, holes=False)

    values = feature.run(grid)

    assert values.shape == (len(feature.outputs), 150, 3)
    assert np.isnan(values[0, : feature.warm_up]).all()
    assert np.isfinite(values).any(axis=(1, 2)).all()


@EACH
def test_the_layout_of_a_history_makes_no_difference(make_market, feature):
    grid = make_market(6, rows=130, columns=4, holes=True)
    turned = {name: np.asfortranarray(getattr(grid, name)) for name in (*PRICES, "oi", "gap")}
    for values in turned.values():
        values.flags.writeable = False

    assert same(feature.run(replace(grid, **turned)), feature.run(grid))


@EACH
def test_prices_of_zero_stop_nothing(make_grid, feature):
    values = feature.run(make_grid([0.0] * 120, volume=[0.0] * 120))

    assert not np.isinf(values).any()


@EACH
def test_flat_bars_stop_nothing_and_the_next_move_is_heard(make_market, make_grid, feature):
    flat = feature.run(make_grid([100.0] * 120, minutes_a_day=50))
    moving = make_market(9, rows=150, columns=1, holes=False)
    still = {name: getattr(moving, name).copy() for name in ("open", "high", "low", "close")}
    for values in still.values():
        values[:60] = moving.close[59]

    after = feature.run(replace(moving, **still))[:, 60:]

    assert not np.isinf(flat).any()
    assert not np.isinf(after).any()
    assert np.isfinite(after).any(axis=(1, 2)).all()


@EACH
def test_equal_parameters_make_equal_features(feature):
    assert replace(feature) == feature
    assert hash(replace(feature)) == hash(feature)


def test_every_feature_is_compiled_before_it_is_needed():
    compile_all()

    for feature in ONE_OF_EACH:
        assert len(_compiled(type(feature).body).signatures) == 1


def test_the_name_of_stored_code_changes_with_a_part_of_it():
    def with_helper(helper):
        space = {"helper": helper}
        exec("def body(memory, bar, parameters): return helper()", space)
        return space["body"]

    def first():
        return (1.0,)

    def second():
        return (2.0,)

    assert _text(with_helper(first)) != _text(with_helper(second))
    assert _text(with_helper(first)) == _text(with_helper(first))


def test_naming_the_features_does_not_load_the_compiler():
    code = (
        "import sys, marketdata.features.catalogue, marketdata.features.board, marketdata.panel;"
        "sys.exit('numba' in sys.modules or 'talib' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_whole_number_and_a_float_make_the_same_feature(make_market):
    grid = make_market(7, rows=60, columns=2, holes=False)

    assert same(EMA(period=9).run(grid), EMA(period=9.0).run(grid))


def test_a_memory_of_another_width_is_refused(make_market):
    grid = make_market(8, rows=2, columns=3, holes=False)

    with pytest.raises(ValueError, match="columns: memory of 2, expected bars of one shape"):
        EMA(period=9).step(EMA(period=9).new_state(2), grid.row(0))


def test_bars_of_mixed_shapes_are_refused(make_market):
    grid = make_market(8, rows=4, columns=3, holes=False)

    with pytest.raises(ValueError, match="columns"):
        EMA(period=9).run(replace(grid, volume=grid.volume[:, :2]))
