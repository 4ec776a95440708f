"""The same indicators on bars of every length, and after a restart in the middle of a session."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketdata.bar_grids import resample
from marketdata.bars import BarGrid
from marketdata.features.board import FeatureBoard, run
from marketdata.features.catalogue import ONE_OF_EACH
from marketdata.features.realised_volatility import RealisedVolatility
from marketdata.timeframes import Timeframe

FEW = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def part(grid: BarGrid, first: int, last: int) -> BarGrid:
    names = [name for name in BarGrid.__slots__ if name != "timeframe"]
    return BarGrid(grid.timeframe, **{name: getattr(grid, name)[first:last] for name in names})


def stepped_after(warmed: BarGrid, rest: BarGrid) -> list[dict[str, bytes]]:
    """Return what a new board, brought up to date by `warmed`, says of each bar of `rest`."""
    board = FeatureBoard(ONE_OF_EACH, warmed.close.shape[1])
    board.warm(warmed)
    said = []
    for row in range(len(rest)):
        outputs = board.step(rest.row(row))
        said.append({repr(f): np.array(list(v.values())).tobytes() for f, v in outputs.items()})
    return said


@pytest.mark.parametrize("frame", list(Timeframe), ids=lambda frame: frame.name)
@FEW
@given(cut=st.integers(1, 299))
def test_a_restart_in_mid_session_gives_the_same_values(make_market, frame, cut):
    grid = make_market(31, rows=300, columns=2, holes=True, frame=frame)
    whole = run(ONE_OF_EACH, grid)

    said = stepped_after(part(grid, 0, cut), part(grid, cut, 300))

    for row, outputs in enumerate(said, start=cut):
        for feature in ONE_OF_EACH:
            expected = np.array([values[row] for values in whole[feature].values()])
            assert outputs[repr(feature)] == expected.tobytes()


@pytest.mark.parametrize("frame", [Timeframe.MINUTES_5, Timeframe.MINUTES_15])
def test_longer_bars_of_a_recorded_history_feed_the_same_kernels(history, frame):
    if history.timeframe.seconds >= frame.seconds:
        pytest.skip("the recorded bars are as long")
    grid = resample(history, frame)

    whole, steps = run(ONE_OF_EACH, grid), stepped_after(part(grid, 0, 40), part(grid, 40, 60))

    for row, outputs in enumerate(steps, start=40):
        for feature in ONE_OF_EACH:
            expected = np.array([values[row] for values in whole[feature].values()])
            assert outputs[repr(feature)] == expected.tobytes()


def test_volatility_is_about_the_same_on_any_length_of_bars():
    rng = np.random.default_rng(7)
    seconds = np.exp(np.cumsum(rng.normal(0.0, 2e-5, 12 * 22_500))) * 1_000.0
    found = {}
    for frame in Timeframe:
        close = seconds[frame.seconds - 1 :: frame.seconds, None]
        a_day = 22_500 // frame.seconds
        rows = np.arange(len(close))
        grid = BarGrid(
            timeframe=frame,
            start=rows * frame.seconds,
            session=rows // a_day,
            minute=rows % a_day * frame.seconds // 60,
            open=np.vstack((close[:1], close[:-1])),
            high=close,
            low=close,
            close=close,
            volume=np.ones_like(close),
            oi=np.zeros_like(close),
            gap=np.zeros(close.shape, dtype=np.bool_),
        )
        feature = RealisedVolatility(session_minutes=375.0, bars=300)
        found[frame] = float(feature.run(grid)[0, -1, 0])

    true = 2e-5 * (252.0 * 22_500.0) ** 0.5
    np.testing.assert_allclose(list(found.values()), true, rtol=0.15)
