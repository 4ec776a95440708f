from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe
from strategies.base import Frame
from strategies.breakout_retest import BreakoutRetest
from strategies.signals import Signals

Make = Callable[..., Frame]
Outputs = dict[str, dict[str, object]]
LOOSE = BreakoutRetest(
    level_bars=8, confirmations=1, tolerance_atr=1.0, min_volume_ratio=0.0, max_risk_atr=0.0
)


def _tested(**changes: dict[str, object]) -> Outputs:
    """Return the bar that leaves a tested level of 1,000 upwards, with an ATR of 4."""
    outputs: Outputs = {
        "bar": {"open": 1000.5, "high": 1004.0, "low": 1000.0, "close": 1003.0},
        "retest": {"side": 1.0, "level": 1000.0, "volume_ratio": 2.0},
        "atr": {"atr": 4.0},
    }
    for name, change in changes.items():
        outputs[name] = {**outputs[name], **change}
    return outputs


def _said(strategy: BreakoutRetest, make: Make, outputs: Outputs, minute: int = 60) -> Signals:
    return strategy.signals(make(minute=minute, **outputs))


def test_a_level_that_held_is_followed_with_the_stop_behind_it(frame: Make) -> None:
    said = _said(BreakoutRetest(), frame, _tested())

    assert (said.side[0], said.entry[0], said.stop[0]) == (1, 1003.0, 994.0)
    assert (said.target1[0], said.target2[0], said.confidence[0]) == (1012.0, 1021.0, 0.70)


def test_a_level_that_held_from_below_is_sold(frame: Make) -> None:
    down = _tested(bar={"close": 997.0}, retest={"side": -1.0})

    said = _said(BreakoutRetest(), frame, down)

    assert (said.side[0], said.entry[0], said.stop[0]) == (-1, 997.0, 1006.0)
    assert (said.target1[0], said.target2[0]) == (988.0, 979.0)


@pytest.mark.parametrize(
    ("change", "heard"),
    [
        ({"retest": {"side": 0.0, "level": np.nan}}, False),
        ({"retest": {"side": np.nan, "level": np.nan}}, False),
        ({"retest": {"volume_ratio": 1.5}}, True),
        ({"retest": {"volume_ratio": 1.49}}, False),
        ({"retest": {"volume_ratio": np.nan}}, False),
        ({"bar": {"close": 1006.0}}, True),
        ({"bar": {"close": 1006.01}}, False),
        ({"atr": {"atr": np.nan}}, False),
    ],
)
def test_each_filter_lets_pass_and_refuses(
    frame: Make, change: dict[str, dict[str, object]], heard: bool
) -> None:
    assert bool(_said(BreakoutRetest(), frame, _tested(**change)).side[0]) is heard


def test_filters_of_zero_are_off(frame: Make) -> None:
    bare = _tested(bar={"close": 1050.0}, retest={"volume_ratio": np.nan})
    strategy = BreakoutRetest(min_volume_ratio=0.0, max_risk_atr=0.0)

    assert _said(strategy, frame, bare).side[0] == 1


@pytest.mark.parametrize(("minute", "heard"), [(14, 0), (15, 1), (329, 1), (330, 0)])
def test_it_speaks_within_its_hours_only(frame: Make, minute: int, heard: int) -> None:
    assert _said(BreakoutRetest(), frame, _tested(), minute).side[0] == heard


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("level_bars", 1, "level_bars: 1, expected 2 to 500"),
        ("confirmations", 0, "confirmations: 0, expected 1 to 60"),
        ("retest_bars", 61, "retest_bars: 61, expected 1 to 60"),
        ("tolerance_atr", -0.1, "tolerance_atr: -0.1, expected 0 to 10"),
        ("stop_atr", 0.0, "stop_atr: 0.0, expected 0.01 to 100"),
        ("first_target_r", 2.0, "first_target_r: 2.0, expected below reward_to_risk (2.0)"),
        ("latest_minute", -1, "latest_minute: -1, expected 0 to 1440"),
        ("valid_minutes", 0, "valid_minutes: 0, expected 1 to 375"),
    ],
)
def test_a_parameter_out_of_range_is_named(field: str, value: float, expected: str) -> None:
    with pytest.raises(ValueError) as error:
        BreakoutRetest(**{field: value})

    assert str(error.value) == expected


def _break_day(dip: float) -> BarGrid:
    """Return five-minute bars: 24 below 1,000.5, two above, one that closes at `dip`, the rest."""
    close = [1000.0 if bar % 2 else 999.0 for bar in range(24)]
    close += [1003.0, 1005.0, dip + 1.0, dip, dip + 1.8, 1008.0]
    prices = np.array(close)
    opened = np.concatenate(([999.5], prices[:-1]))
    high, low = np.maximum(opened, prices) + 0.5, np.minimum(opened, prices) - 0.5
    volume = np.where(np.arange(len(prices)) == 24, 200.0, 100.0)
    minute = 5 * np.arange(len(prices))
    columns = {"open": opened, "high": high, "low": low, "close": prices, "volume": volume}
    return BarGrid(
        Timeframe.MINUTES_5,
        start=1_763_869_500 + 60 * minute,
        session=np.full(len(prices), 739_000),
        minute=minute,
        oi=np.zeros((len(prices), 1)),
        gap=np.zeros((len(prices), 1), dtype=np.bool_),
        **{name: values.reshape(-1, 1) for name, values in columns.items()},
    )


def test_the_way_on_after_the_dip_is_bought_and_nothing_else(
    batch: Callable[..., Signals],
) -> None:
    said = batch(BreakoutRetest(tolerance_atr=0.5), _break_day(dip=1001.6))

    assert np.flatnonzero(said.side[:, 0]).tolist() == [28]
    assert said.entry[28, 0] == 1003.4
    assert said.stop[28, 0] < 1000.5


def test_without_the_dip_the_break_alone_is_not_bought(batch: Callable[..., Signals]) -> None:
    assert not batch(BreakoutRetest(tolerance_atr=0.5), _break_day(dip=1004.0)).side.any()
