from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta, timezone

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.features.atr import ATR
from marketdata.features.ema import EMA
from marketdata.timeframes import Timeframe
from strategies.base import Frame
from strategies.frames import batch_frame, closed_at, live_frame

IST = timezone(timedelta(hours=5, minutes=30))


@pytest.fixture
def grid(random_grid: Callable[..., BarGrid]) -> BarGrid:
    return random_grid(3, Timeframe.MINUTES_5, 1, 12, 2)


def test_a_batch_row_holds_what_the_live_frame_holds(grid: BarGrid) -> None:
    features = {"fast": EMA(3), "atr": ATR(3)}
    outputs = {
        each: dict(zip(each.outputs, each.run(grid), strict=True)) for each in features.values()
    }
    row = {
        each: {key: values[7] for key, values in named.items()} for each, named in outputs.items()
    }

    whole = batch_frame(features, grid, outputs)
    live = live_frame(features, grid.row(7), row)

    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(whole, name)[7], getattr(live, name))
    assert np.array_equal(whole["fast"]["ema"][7], live["fast"]["ema"])
    assert np.array_equal(whole["atr"]["atr"][7], live["atr"]["atr"])


def test_minutes_broadcast_to_the_shape_of_prices(grid: BarGrid) -> None:
    whole, live = batch_frame({}, grid, {}), live_frame({}, grid.row(7), {})

    assert np.broadcast_to(whole.minute, (12, 2))[7].tolist() == [35, 35]
    assert np.broadcast_to(live.minute, (2,)).tolist() == [35, 35]


def test_a_feature_without_values_is_named(grid: BarGrid) -> None:
    with pytest.raises(ValueError, match="outputs: no values for slow, expected every feature"):
        live_frame({"slow": EMA(89)}, grid.row(0), {EMA(34): {}})


def test_a_bar_closes_its_length_after_its_start(grid: BarGrid) -> None:
    moment = closed_at(grid.row(0), IST)

    assert moment.isoformat() == "2026-11-23T09:20:00+05:30"
    assert closed_at(grid.row(0), UTC) == moment


def test_a_reading_that_nobody_told_is_unknown_everywhere(frame: Callable[..., Frame]) -> None:
    seen = frame(columns=2, context={"iv_percentile": 40.0})

    assert seen.beside("iv_percentile").tolist() == [40.0, 40.0]
    assert np.isnan(seen.beside("days_to_expiry")).tolist() == [True, True]
