from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from strategies.base import Frame
from strategies.bollinger_reversion import BollingerReversion
from strategies.signals import Signals

Make = Callable[..., Frame]
Outputs = dict[str, dict[str, object]]
LOOSE = BollingerReversion(max_adx=0.0, oversold=0.0, min_width=0.0, deviations=1.5)


def _stretched(**changes: dict[str, object]) -> Outputs:
    """Return a bar that closes at a lower band of 990 under a middle of 1,000; ATR 4."""
    outputs: Outputs = {
        "bar": {"open": 994.0, "high": 995.0, "low": 989.0, "close": 990.0},
        "bands": {"upper": 1010.0, "middle": 1000.0, "lower": 990.0},
        "atr": {"atr": 4.0},
        "adx": {"adx": 20.0, "plus_di": 10.0, "minus_di": 20.0},
        "rsi": {"rsi": 30.0},
        "volume": {"relative_volume": 1.0},
    }
    for name, change in changes.items():
        outputs[name] = {**outputs[name], **change}
    return outputs


def _said(strategy: BollingerReversion, make: Make, outputs: Outputs, minute: int = 60) -> Signals:
    return strategy.signals(make(minute=minute, **outputs))


def test_a_close_at_the_lower_band_is_bought_for_the_middle_and_the_upper(frame: Make) -> None:
    said = _said(BollingerReversion(), frame, _stretched())

    assert (said.side[0], said.entry[0], said.stop[0]) == (1, 990.0, 984.0)
    assert (said.target1[0], said.target2[0], said.confidence[0]) == (1000.0, 1010.0, 0.80)


def test_a_close_at_the_upper_band_is_sold_as_its_mirror_image(frame: Make) -> None:
    up = _stretched(
        bar={"open": 1006.0, "high": 1011.0, "low": 1005.0, "close": 1010.0}, rsi={"rsi": 70.0}
    )

    said = _said(BollingerReversion(), frame, up)

    assert (said.side[0], said.entry[0], said.stop[0]) == (-1, 1010.0, 1016.0)
    assert (said.target1[0], said.target2[0]) == (1000.0, 990.0)


def test_the_stop_can_be_a_fraction_of_the_price(frame: Make) -> None:
    strategy = BollingerReversion(stop_mode="fraction", stop_fraction=0.01)

    assert _said(strategy, frame, _stretched()).stop[0] == pytest.approx(980.1)


@pytest.mark.parametrize(
    ("change", "heard"),
    [
        ({"bar": {"close": 990.01}}, False),
        ({"bands": {"lower": np.nan}}, False),
        ({"bands": {"middle": 990.0}}, False),
        ({"rsi": {"rsi": 35.0}}, True),
        ({"rsi": {"rsi": 35.1}}, False),
        ({"rsi": {"rsi": np.nan}}, False),
        ({"adx": {"adx": 25.0}}, True),
        ({"adx": {"adx": 25.1}}, False),
        ({"adx": {"adx": np.nan}}, False),
        ({"atr": {"atr": np.nan}}, False),
        ({"atr": {"atr": 8.8}}, True),
        ({"atr": {"atr": 8.9}}, False),
    ],
)
def test_each_filter_lets_pass_and_refuses(
    frame: Make, change: dict[str, dict[str, object]], heard: bool
) -> None:
    assert bool(_said(BollingerReversion(), frame, _stretched(**change)).side[0]) is heard


@pytest.mark.parametrize(
    ("strategy", "heard"),
    [
        (BollingerReversion(min_width=0.02), True),
        (BollingerReversion(min_width=0.0201), False),
        (BollingerReversion(min_volume_ratio=1.0), True),
        (BollingerReversion(min_volume_ratio=1.1), False),
        (BollingerReversion(rejection=0.16), True),
        (BollingerReversion(rejection=0.17), False),
    ],
)
def test_each_filter_off_by_default_can_be_set(
    frame: Make, strategy: BollingerReversion, heard: bool
) -> None:
    assert bool(_said(strategy, frame, _stretched()).side[0]) is heard


def test_in_the_other_mode_the_bar_has_to_close_back_inside(frame: Make) -> None:
    strategy = BollingerReversion(entry_mode="back")

    assert _said(strategy, frame, _stretched()).side[0] == 0
    assert _said(strategy, frame, _stretched(bar={"close": 991.0})).side[0] == 1
    assert _said(strategy, frame, _stretched(bar={"close": 991.0, "low": 990.5})).side[0] == 0


@pytest.mark.parametrize(("minute", "heard"), [(14, 0), (15, 1), (329, 1), (330, 0)])
def test_it_speaks_within_its_hours_only(frame: Make, minute: int, heard: int) -> None:
    assert _said(BollingerReversion(), frame, _stretched(), minute).side[0] == heard


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("period", 1, "period: 1, expected 2 to 1000"),
        ("deviations", 0.0, "deviations: 0.0, expected 0.1 to 10"),
        ("entry_mode", "near", "entry_mode: 'near', expected one of back, beyond"),
        ("stop_mode", "far", "stop_mode: 'far', expected one of atr, fraction"),
        ("stop_fraction", 0.0, "stop_fraction: 0.0, expected 0.0001 to 0.5"),
        ("max_adx", 101.0, "max_adx: 101.0, expected 0 to 100"),
        ("confidence", 1.1, "confidence: 1.1, expected 0 to 1"),
        ("max_positions", 0, "max_positions: 0, expected 1 to 100"),
    ],
)
def test_a_parameter_out_of_range_is_named(field: str, value: object, expected: str) -> None:
    with pytest.raises(ValueError) as error:
        BollingerReversion(**{field: value})

    assert str(error.value) == expected
