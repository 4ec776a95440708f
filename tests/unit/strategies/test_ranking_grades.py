"""The compiled grades, the same loop as it stands, and plain NumPy say the same, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from strategies import ranking_grades as g
from strategies.ranking_features import READINGS, grades_of, table_of
from strategies.ranking_grades import READ, Scale, graded

Floats = NDArray[np.float64]
Raw = Mapping[str, Floats]

_NAN = float("nan")
_SCALES = [scale for name, scale in vars(g).items() if name.endswith("_SCALE")]
_EDGES = sorted({edge for edges, _ in _SCALES for edge in edges})
_AROUND = [float(np.nextafter(edge, way)) for edge in _EDGES for way in (-np.inf, np.inf)]
_values = st.one_of(
    st.just(_NAN),
    st.sampled_from([*_EDGES, *_AROUND, -0.0, 50.0 - 20.0, 50.0 + 30.0, 100.0, 1000.0]),
    st.floats(-2000.0, 2000.0),
)
_columns = st.lists(_values, min_size=READ, max_size=READ)


def _plain_grade(values: Floats, scale: Scale, side: str) -> Floats:
    edges, grades = scale
    place = np.searchsorted(edges, values, side=side)  # type: ignore[call-overload]
    return np.where(np.isnan(values), np.nan, np.array(grades)[place])


def _plain_mean(parts: Sequence[Floats]) -> Floats:
    total, known = np.zeros(parts[0].shape), np.zeros(parts[0].shape)
    for part in parts:
        there = ~np.isnan(part)
        total += np.where(there, part, 0.0)
        known += there
    mean = np.full(total.shape, np.nan)
    np.divide(total, known, out=mean, where=known > 0)
    return mean


def _plain_sided(raw: Raw, side: int) -> tuple[Floats, Floats]:
    aligned = raw["rsi"] if side > 0 else 100.0 - raw["rsi"]
    strength = np.sign(raw["plus_di"] - raw["minus_di"]) * raw["adx"] * side
    separation = (raw["fast"] - raw["slow"]) / raw["close"] * side
    return (
        _plain_mean(
            (
                _plain_grade(aligned, g.RSI_SCALE, "right"),
                _plain_grade(raw["change"] * side, g.CHANGE_SCALE, "right"),
            )
        ),
        _plain_mean(
            (
                _plain_grade(strength, g.ADX_SCALE, "right"),
                _plain_grade(separation, g.SEPARATION_SCALE, "right"),
                _plain_grade(raw["supertrend"] * side, g.SUPERTREND_SCALE, "right"),
            )
        ),
    )


def _plain(raw: Raw) -> Floats:
    """Return the grades as whole columns at a time come to."""
    bid, ask = raw["bid"], raw["ask"]
    middle = np.where((bid > 0) & (ask >= bid), (bid + ask) / 2, np.nan)
    depth = (raw["bid_quantity"] + raw["ask_quantity"]) / g.DEPTH_UNITS
    liquidity = _plain_mean(
        (
            _plain_grade((ask - bid) / middle, g.SPREAD_SCALE, "left"),
            _plain_grade(raw["volume"], g.VOLUME_SCALE, "right"),
            np.minimum(depth, 1.0),
        )
    )
    regime = _plain_mean(
        (
            _plain_grade(np.abs(raw["iv_percentile"] - 50.0), g.IV_SCALE, "left"),
            _plain_grade(raw["oi_change"], g.OI_SCALE, "left"),
            _plain_grade(raw["variation"], g.VARIATION_SCALE, "right"),
        )
    )
    long, short = _plain_sided(raw, 1), _plain_sided(raw, -1)
    pairs = [*zip(long, short, strict=True), (liquidity, liquidity), (regime, regime)]
    return np.array(pairs)


@given(st.lists(_columns, min_size=1, max_size=5))
@example([[_NAN] * READ])
@example([[0.0] * READ, [-0.0] * READ])
def test_every_column_is_graded_as_plain_arithmetic_does(columns: list[list[float]]) -> None:
    table = np.ascontiguousarray(np.array(columns).T)
    raw = dict(zip(READINGS, table, strict=True))
    with np.errstate(all="ignore"):
        expected = _plain(raw)
        alone = [graded(np.ascontiguousarray(table[:, [at]])) for at in range(len(columns))]

    compiled = graded(np.concatenate((table, table), axis=1))

    assert compiled.shape == (4, 2, 2 * len(columns))
    assert compiled.tobytes() == np.concatenate((expected, expected), axis=-1).tobytes()
    assert np.concatenate(alone, axis=-1).tobytes() == expected.tobytes()


def test_what_held_all_the_time_is_graded_with_every_bar_of_a_history() -> None:
    random = np.random.default_rng(3)
    history = {name: random.uniform(0.1, 60.0, (7, 3)) for name in READINGS}
    lasting = {**history, "bid": history["bid"][0], "ask": history["bid"][0] + 0.2}
    each = [{name: v[row] if v.ndim == 2 else v for name, v in lasting.items()} for row in range(7)]

    whole = grades_of(lasting)

    assert table_of(lasting).shape == (READ, 7, 3)
    assert whole.shape == (4, 2, 7, 3)
    for row, now in enumerate(each):
        assert whole[:, :, row].tobytes() == grades_of(now).tobytes()
