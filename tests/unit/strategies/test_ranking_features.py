from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe
from strategies.base import Frame
from strategies.frames import batch_frame, live_frame
from strategies.ranking_features import MEASURED, Conditions, features, measure

Make = Callable[..., Frame]
NOTHING = np.nan


def _market(make: Make, **changes: dict[str, object]) -> Frame:
    """Return one column of which nothing is known but what `changes` says."""
    outputs: dict[str, dict[str, object]] = {
        "rsi": {"rsi": NOTHING},
        "change": {"rate": NOTHING},
        "adx": {"adx": NOTHING, "plus_di": NOTHING, "minus_di": NOTHING},
        "fast": {"ema": NOTHING},
        "slow": {"ema": NOTHING},
        "supertrend": {"line": NOTHING, "direction": NOTHING},
        "volume": {"relative_volume": NOTHING},
        "variation": {"variation": NOTHING},
    }
    outputs.update(changes)
    return make(**outputs)


def _grades(frame: Frame, name: str, **known: float) -> tuple[float, float]:
    conditions = replace(
        Conditions.unknown(1), **{key: np.array([value]) for key, value in known.items()}
    )
    long, short = measure(frame, conditions)[MEASURED.index(name), :, 0]
    return float(long), float(short)


@pytest.mark.parametrize(
    ("rsi", "long", "short"),
    [
        (55, 0.8, 0.5),
        (65, 0.8, 0.3),
        (75, 0.6, 0.1),
        (50, 0.8, 0.8),
        (45, 0.5, 0.8),
        (25, 0.1, 0.6),
    ],
)
def test_relative_strength_speaks_for_one_side_only(
    frame: Make, rsi: float, long: float, short: float
) -> None:
    assert _grades(_market(frame, rsi={"rsi": rsi}), "momentum") == (long, short)


@pytest.mark.parametrize(
    ("rate", "long", "short"),
    [(0.004, 0.5, 0.4), (0.01, 0.8, 0.2), (0.03, 0.6, 0.2), (-0.01, 0.2, 0.8)],
)
def test_a_rise_speaks_for_a_long(frame: Make, rate: float, long: float, short: float) -> None:
    assert _grades(_market(frame, change={"rate": rate}), "momentum") == (long, short)


@pytest.mark.parametrize(
    ("adx", "long", "short"),
    [(30, 1.0, 0.0), (25, 1.0, 0.1), (22, 0.7, 0.1), (17, 0.5, 0.2), (10, 0.3, 0.3)],
)
def test_the_strength_of_a_trend_is_signed_by_its_movement(
    frame: Make, adx: float, long: float, short: float
) -> None:
    up = _market(frame, adx={"adx": adx, "plus_di": 30.0, "minus_di": 10.0})
    down = _market(frame, adx={"adx": adx, "plus_di": 10.0, "minus_di": 30.0})

    assert _grades(up, "trend") == (long, short)
    assert _grades(down, "trend") == (short, long)


@pytest.mark.parametrize(
    ("fast", "long", "short"), [(102.0, 1.0, 0.0), (100.7, 0.7, 0.1), (100.2, 0.4, 0.2)]
)
def test_the_distance_of_the_averages_is_signed(
    frame: Make, fast: float, long: float, short: float
) -> None:
    market = _market(frame, fast={"ema": fast}, slow={"ema": 100.0})

    assert _grades(market, "trend") == (long, short)


def test_supertrend_counts_for_the_side_it_is_on(frame: Make) -> None:
    market = _market(frame, supertrend={"line": 90.0, "direction": -1.0})

    assert _grades(market, "trend") == (0.3, 0.7)


@pytest.mark.parametrize(("spread", "grade"), [(0.1, 1.0), (0.3, 0.8), (0.5, 0.6), (0.51, 0.3)])
def test_a_tight_book_is_liquid(frame: Make, spread: float, grade: float) -> None:
    bid, ask = 100.0 - spread / 2, 100.0 + spread / 2
    rounded = {"bid": bid, "ask": ask if spread > 0.5 else ask - 1e-9}

    assert _grades(_market(frame), "liquidity", **rounded) == (grade, grade)


@pytest.mark.parametrize(("ratio", "grade"), [(1.5, 1.0), (1.0, 0.8), (0.7, 0.6), (0.69, 0.4)])
def test_volume_above_its_mean_is_liquid(frame: Make, ratio: float, grade: float) -> None:
    market = _market(frame, volume={"relative_volume": ratio})

    assert _grades(market, "liquidity") == (grade, grade)


def test_depth_counts_up_to_a_thousand_units(frame: Make) -> None:
    assert _grades(_market(frame), "liquidity", bid_quantity=150.0, ask_quantity=250.0)[0] == 0.4
    assert _grades(_market(frame), "liquidity", bid_quantity=5e3, ask_quantity=250.0)[0] == 1.0


def test_a_crossed_book_says_nothing(frame: Make) -> None:
    assert np.isnan(_grades(_market(frame), "liquidity", bid=101.0, ask=100.0)).all()


@pytest.mark.parametrize(
    ("known", "grade"),
    [
        ({"iv_percentile": 30.0}, 0.9),
        ({"iv_percentile": 80.0}, 0.7),
        ({"iv_percentile": 81.0}, 0.5),
        ({"oi_change": 0.11}, 0.9),
        ({"oi_change": 0.10}, 0.7),
        ({"oi_change": 0.01}, 0.6),
        ({"oi_change": 0.0}, 0.4),
    ],
)
def test_regime_reads_volatility_and_open_interest_where_known(
    frame: Make, known: dict[str, float], grade: float
) -> None:
    assert _grades(_market(frame), "regime", **known) == (grade, grade)


@pytest.mark.parametrize(("variation", "grade"), [(0.1, 0.9), (0.2, 0.7), (0.4, 0.5)])
def test_a_steady_range_is_a_good_regime(frame: Make, variation: float, grade: float) -> None:
    market = _market(frame, variation={"variation": variation})

    assert _grades(market, "regime") == (grade, grade)


def test_a_feature_is_the_mean_of_the_parts_known(frame: Make) -> None:
    market = _market(frame, rsi={"rsi": 55.0}, change={"rate": 0.004})

    assert _grades(market, "momentum") == pytest.approx(((0.8 + 0.5) / 2, (0.5 + 0.4) / 2))


def test_where_no_part_is_known_the_feature_is_nan(frame: Make) -> None:
    assert np.isnan(measure(_market(frame), Conditions.unknown(1))).all()


def test_a_row_of_a_history_is_measured_as_it_is_live(
    random_grid: Callable[..., BarGrid],
) -> None:
    grid, wanted = random_grid(5, Timeframe.MINUTES_5, 2, 75, 3), features()
    outputs = {f: dict(zip(f.outputs, f.run(grid), strict=True)) for f in wanted.values()}
    states = {f: f.new_state(3) for f in wanted.values()}
    nothing = Conditions.unknown(3)

    whole = measure(batch_frame(wanted, grid, outputs), nothing)

    assert whole.shape == (4, 2, 150, 3)
    assert np.isfinite(whole[:, :, -1]).all()
    for row in range(len(grid)):
        bar = grid.row(row)
        now = {f: dict(zip(f.outputs, f.step(s, bar), strict=True)) for f, s in states.items()}
        live = measure(live_frame(wanted, bar, now), nothing)
        assert np.array_equal(whole[:, :, row], live, equal_nan=True)
