from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from strategies.base import Frame
from strategies.signals import Signals
from strategies.vwap_reversion import VWAPReversion

Make = Callable[..., Frame]
Outputs = dict[str, dict[str, object]]
LOOSE = VWAPReversion(
    band_sigmas=0.5,
    min_deviation=0.0,
    rejection=0.0,
    oversold=0.0,
    max_adx=0.0,
    min_volume_ratio=0.0,
    stop_atr=0.5,
    skip_minutes=0,
)


def _stretched(**changes: dict[str, object]) -> Outputs:
    """Return an exhausted bar 1 % and 2 sigmas below a VWAP of 1,000, with an ATR of 3."""
    outputs: Outputs = {
        "bar": {"open": 989.0, "high": 991.0, "low": 987.0, "close": 990.0},
        "vwap": {"vwap": 1000.0, "upper": 1005.0, "lower": 995.0},
        "distance": {"sigmas": -2.0, "fraction": -0.01},
        "atr": {"atr": 3.0},
        "adx": {"adx": 20.0, "plus_di": 10.0, "minus_di": 20.0},
        "rsi": {"rsi": 30.0},
        "volume": {"relative_volume": 1.5},
    }
    for name, change in changes.items():
        outputs[name] = {**outputs[name], **change}
    return outputs


def _above() -> Outputs:
    """Return the same bar in a market turned upside down about 1,000."""
    return _stretched(
        bar={"open": 1011.0, "high": 1013.0, "low": 1009.0, "close": 1010.0},
        distance={"sigmas": 2.0, "fraction": 0.01},
        rsi={"rsi": 70.0},
    )


def _said(strategy: VWAPReversion, make: Make, outputs: Outputs, minute: int = 60) -> Signals:
    return strategy.signals(make(minute=minute, **outputs))


def test_a_fall_below_vwap_is_bought_with_vwap_as_the_target(frame: Make) -> None:
    said = _said(VWAPReversion(), frame, _stretched())

    assert (said.side[0], said.entry[0], said.stop[0]) == (1, 990.0, 984.0)
    assert (said.target1[0], said.target2[0], said.confidence[0]) == (996.0, 1000.0, 0.65)


def test_a_rise_above_vwap_is_sold_as_its_mirror_image(frame: Make) -> None:
    said = _said(VWAPReversion(), frame, _above())

    assert (said.side[0], said.entry[0], said.stop[0]) == (-1, 1010.0, 1016.0)
    assert (said.target1[0], said.target2[0]) == (1004.0, 1000.0)


@pytest.mark.parametrize(
    ("change", "heard"),
    [
        ({"distance": {"sigmas": -1.5}}, True),
        ({"distance": {"sigmas": -1.49}}, False),
        ({"distance": {"sigmas": np.nan}}, False),
        ({"distance": {"fraction": -0.005}}, True),
        ({"distance": {"fraction": -0.0049}}, False),
        ({"distance": {"fraction": np.nan}}, False),
        ({"bar": {"low": 989.0, "high": 991.0}}, True),
        ({"bar": {"low": 989.01, "high": 991.0}}, False),
        ({"rsi": {"rsi": 35.0}}, True),
        ({"rsi": {"rsi": 35.1}}, False),
        ({"rsi": {"rsi": np.nan}}, False),
        ({"adx": {"adx": 30.0}}, True),
        ({"adx": {"adx": 30.1}}, False),
        ({"adx": {"adx": np.nan}}, False),
        ({"volume": {"relative_volume": 1.2}}, True),
        ({"volume": {"relative_volume": 1.19}}, False),
        ({"volume": {"relative_volume": np.nan}}, False),
        ({"atr": {"atr": np.nan}}, False),
        ({"vwap": {"vwap": np.nan}}, False),
        ({"vwap": {"vwap": 999.0}}, True),
        ({"vwap": {"vwap": 998.99}}, False),
    ],
)
def test_each_filter_lets_pass_and_refuses(
    frame: Make, change: dict[str, dict[str, object]], heard: bool
) -> None:
    assert bool(_said(VWAPReversion(), frame, _stretched(**change)).side[0]) is heard


@pytest.mark.parametrize(("minute", "heard"), [(29, 0), (30, 1), (329, 1), (330, 0)])
def test_it_speaks_within_its_hours_only(frame: Make, minute: int, heard: int) -> None:
    assert _said(VWAPReversion(), frame, _stretched(), minute).side[0] == heard


def test_with_every_filter_off_the_side_of_vwap_is_enough(frame: Make) -> None:
    bare = _stretched(rsi={"rsi": np.nan}, adx={"adx": np.nan}, volume={"relative_volume": np.nan})
    strategy = VWAPReversion(
        band_sigmas=0.0,
        min_deviation=0.0,
        rejection=0.0,
        oversold=0.0,
        max_adx=0.0,
        min_volume_ratio=0.0,
    )

    assert _said(VWAPReversion(), frame, bare).side[0] == 0
    assert _said(strategy, frame, bare).side[0] == 1


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("band_sigmas", 11.0, "band_sigmas: 11.0, expected 0 to 10"),
        ("min_deviation", -0.1, "min_deviation: -0.1, expected 0 to 0.5"),
        ("oversold", 51.0, "oversold: 51.0, expected 0 to 50"),
        ("adx_period", 1, "adx_period: 1, expected 2 to 1000"),
        ("stop_atr", 0.0, "stop_atr: 0.0, expected 0.01 to 100"),
        ("first_target_r", 1.5, "first_target_r: 1.5, expected below min_reward_to_risk (1.5)"),
        ("gap_minutes", -1, "gap_minutes: -1, expected 0 to 375"),
        ("max_positions", 0, "max_positions: 0, expected 1 to 100"),
    ],
)
def test_a_parameter_out_of_range_is_named(field: str, value: float, expected: str) -> None:
    with pytest.raises(ValueError) as error:
        VWAPReversion(**{field: value})

    assert str(error.value) == expected
