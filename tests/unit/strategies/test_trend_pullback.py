from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe
from strategies.base import Frame
from strategies.opinions import RepeatMemory
from strategies.signals import Signals
from strategies.trend_pullback import TrendPullback

PLAIN = TrendPullback(
    zone_atr=0.0, min_adx=0.0, max_pullback=0.0, max_risk_atr=0.0, min_price=0.0, min_volume=0.0
)
Make = Callable[..., Frame]
Outputs = dict[str, dict[str, object]]


def _uptrend(**changes: dict[str, object]) -> Outputs:
    """Return a bar that breaks the trigger at 1,003 in an uptrend whose average is at 1,000."""
    outputs: Outputs = {
        "bar": {"open": 1002.0, "high": 1005.0, "low": 1001.0, "close": 1004.0},
        "fast": {"ema": 1000.0},
        "slow": {"ema": 990.0},
        "atr": {"atr": 10.0},
        "adx": {"adx": 30.0, "plus_di": 30.0, "minus_di": 10.0},
        "pullback": {"up_depth": 0.5, "down_depth": 0.5},
        "trigger": {"up_level": 1003.0, "down_level": np.nan},
        "swing_high": {"high": 1020.0},
        "swing_low": {"low": 985.0},
        "day": {"previous_volume": 2e6, "volume_today": 5e5},
    }
    for name, change in changes.items():
        outputs[name] = {**outputs[name], **change}
    return outputs


def _mirrored(outputs: Outputs) -> Outputs:
    """Return the same bar in a market turned upside down about 1,000."""

    def turned(value: object) -> float:
        return 2000.0 - float(value)  # type: ignore[arg-type]

    bar, mirror = outputs["bar"], dict(outputs)
    mirror["bar"] = {
        "open": turned(bar["open"]),
        "high": turned(bar["low"]),
        "low": turned(bar["high"]),
        "close": turned(bar["close"]),
    }
    for name in ("fast", "slow"):
        mirror[name] = {"ema": turned(outputs[name]["ema"])}
    trigger, depth = outputs["trigger"], outputs["pullback"]
    mirror["trigger"] = {
        "up_level": turned(trigger["down_level"]),
        "down_level": turned(trigger["up_level"]),
    }
    mirror["pullback"] = {"up_depth": depth["down_depth"], "down_depth": depth["up_depth"]}
    mirror["swing_high"] = {"high": turned(outputs["swing_low"]["low"])}
    mirror["swing_low"] = {"low": turned(outputs["swing_high"]["high"])}
    return mirror


def _said(strategy: TrendPullback, make: Make, outputs: Outputs) -> tuple[float, ...]:
    said = strategy.signals(make(**outputs))
    return (int(said.side[0]), said.entry[0], said.stop[0], said.target1[0], said.target2[0])


def test_a_long_stops_by_range_and_takes_its_targets_in_units_of_risk(frame: Make) -> None:
    assert _said(TrendPullback(), frame, _uptrend()) == (1, 1004.0, 989.0, 1026.5, 1041.5)


def test_a_short_is_the_mirror_image(frame: Make) -> None:
    said = _said(TrendPullback(), frame, _mirrored(_uptrend()))

    assert said == (-1, 996.0, 1011.0, 973.5, 958.5)


def test_the_swing_stop_is_the_further_of_low_and_slow_average(frame: Make) -> None:
    strategy = TrendPullback(stop_mode="swing")

    assert _said(strategy, frame, _uptrend())[2] == 980.0
    assert _said(strategy, frame, _uptrend(swing_low={"low": 978.0}))[2] == 978.0
    assert _said(strategy, frame, _mirrored(_uptrend()))[2] == 1020.0
    assert _said(strategy, frame, _mirrored(_uptrend(swing_low={"low": 978.0})))[2] == 1022.0


def test_averages_too_close_are_no_trend(frame: Make) -> None:
    sideways = _uptrend(slow={"ema": 998.5})

    for market, side in ((sideways, 1), (_mirrored(sideways), -1)):
        assert _said(TrendPullback(), frame, market)[0] == 0
        assert _said(TrendPullback(separation=0.001), frame, market)[0] == side
    assert _said(TrendPullback(), frame, _uptrend(slow={"ema": 1010.0}))[0] == 0


@pytest.mark.parametrize("turn", [_uptrend, lambda **c: _mirrored(_uptrend(**c))])
@pytest.mark.parametrize(
    ("change", "heard"),
    [
        ({"trigger": {"up_level": 1003.99}}, True),
        ({"trigger": {"up_level": 1004.0}}, False),
        ({"trigger": {"up_level": np.nan}}, False),
        ({"bar": {"low": 1005.0}}, True),
        ({"bar": {"low": 1005.01}}, False),
        ({"fast": {"ema": 1009.0}, "bar": {"close": 1004.0}}, True),
        ({"fast": {"ema": 1009.01}, "bar": {"close": 1004.0}}, False),
        ({"adx": {"adx": 25.0}}, True),
        ({"adx": {"adx": 24.99}}, False),
        ({"adx": {"adx": np.nan}}, False),
        ({"pullback": {"up_depth": 0.30}}, True),
        ({"pullback": {"up_depth": 0.29}}, False),
        ({"pullback": {"up_depth": 0.70}}, True),
        ({"pullback": {"up_depth": 0.71}}, False),
        ({"pullback": {"up_depth": np.nan}}, False),
        ({"day": {"previous_volume": 1e6}}, True),
        ({"day": {"previous_volume": 9.9e5}}, False),
        ({"day": {"previous_volume": 9.9e5, "volume_today": 1e6}}, True),
        ({"day": {"previous_volume": np.nan, "volume_today": 9.9e5}}, False),
        ({"day": {"previous_volume": np.nan, "volume_today": 0.0}}, True),
        ({"day": {"previous_volume": 0.0, "volume_today": 0.0}}, True),
    ],
)
def test_each_filter_lets_pass_and_refuses(
    frame: Make, turn: Callable[..., Outputs], change: dict[str, dict[str, object]], heard: bool
) -> None:
    assert bool(_said(TrendPullback(), frame, turn(**change))[0]) is heard


def test_a_price_below_the_least_is_refused(frame: Make) -> None:
    assert _said(TrendPullback(min_price=1004.0), frame, _uptrend())[0] == 1
    assert _said(TrendPullback(min_price=1004.01), frame, _uptrend())[0] == 0


def test_a_risk_of_three_ranges_passes_and_more_is_refused(frame: Make) -> None:
    strategy = TrendPullback(stop_mode="swing")

    assert _said(strategy, frame, _uptrend(swing_low={"low": 974.0}))[0] == 1
    assert _said(strategy, frame, _uptrend(swing_low={"low": 973.99}))[0] == 0


def test_a_stop_on_the_wrong_side_is_refused(frame: Make) -> None:
    above = _uptrend(
        bar={"open": 970.0, "high": 975.0, "low": 968.0, "close": 972.0},
        trigger={"up_level": 971.0},
    )

    strategy = replace(PLAIN, stop_mode="swing")

    assert _said(strategy, frame, {**above, "swing_low": {"low": 968.0}})[0] == 1
    assert _said(strategy, frame, {**above, "swing_low": {"low": 972.0}})[0] == 0


def test_with_every_filter_off_trend_and_trigger_are_enough(frame: Make) -> None:
    bare = _uptrend(
        adx={"adx": np.nan},
        pullback={"up_depth": np.nan},
        day={"previous_volume": 1.0, "volume_today": 1.0},
        bar={"low": 1500.0},
    )

    assert _said(TrendPullback(), frame, bare)[0] == 0
    assert _said(PLAIN, frame, bare)[0] == 1


def test_fifteen_minutes_lie_between_two_opinions_on_an_instrument() -> None:
    memory, long = RepeatMemory(TrendPullback().repeat, 1), np.array([1], dtype=np.int8)

    said = [int(memory.allow(long, 1, start)[0]) for start in (0, 300, 600, 900, 1200, 1800)]

    assert said == [1, 0, 0, 1, 0, 1]


def _trend_day() -> BarGrid:
    """Return 150 five-minute bars: 130 of a climb, 6 of a dip and 14 of the turn upwards."""
    close = [1000.0 + 2.0 * bar + (1.0 if bar % 2 else -1.0) for bar in range(130)]
    top = close[-1]
    close += [top - 4.0 * step for step in range(1, 7)]
    close += [close[-1] + 3.0 * step for step in range(1, 15)]
    prices = np.array(close)
    opened = np.concatenate(([1000.0], prices[:-1]))
    total, minute = len(prices), 5 * np.arange(len(prices))
    columns = {
        "open": opened,
        "high": np.maximum(opened, prices) + 0.5,
        "low": np.minimum(opened, prices) - 0.5,
        "close": prices,
        "volume": np.full(total, 50_000.0),
        "oi": np.zeros(total),
    }
    return BarGrid(
        Timeframe.MINUTES_5,
        start=1_763_869_500 + 60 * minute,
        session=np.full(total, 739_000),
        minute=minute,
        gap=np.zeros((total, 1), dtype=np.bool_),
        **{name: values.reshape(-1, 1) for name, values in columns.items()},
    )


def test_in_a_climb_the_end_of_the_dip_is_bought(
    batch: Callable[[TrendPullback, BarGrid], Signals],
) -> None:
    grid = _trend_day()

    said = batch(TrendPullback(zone_atr=4.0, min_adx=20.0), grid)

    rows = np.flatnonzero(said.side[:, 0])
    assert rows[0] == 137
    assert set(said.side[rows, 0].tolist()) == {1}
    assert grid.close[137, 0] > grid.high[136, 0]


def test_the_same_market_upside_down_is_sold_at_the_same_bar(
    batch: Callable[[TrendPullback, BarGrid], Signals],
) -> None:
    grid, strategy = _trend_day(), TrendPullback(zone_atr=4.0, min_adx=20.0)
    down = replace(
        grid,
        open=3000.0 - grid.open,
        high=3000.0 - grid.low,
        low=3000.0 - grid.high,
        close=3000.0 - grid.close,
    )

    up_side, down_side = batch(strategy, grid).side, batch(strategy, down).side

    assert up_side.any()
    assert np.array_equal(up_side, -down_side)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("fast_period", 89, "fast_period: 89, expected below slow_period (89)"),
        ("slow_period", 0, "slow_period: 0, expected 1 to 1000"),
        ("separation", -0.1, "separation: -0.1, expected 0 to 0.5"),
        ("min_adx", 101.0, "min_adx: 101.0, expected 0 to 100"),
        ("adx_period", 1, "adx_period: 1, expected 2 to 1000"),
        ("min_pullback", 0.7, "min_pullback: 0.7, expected below max_pullback (0.7)"),
        ("pullback_bars", 1, "pullback_bars: 1, expected 2 to 500"),
        ("stop_mode", "far", "stop_mode: 'far', expected one of atr, swing"),
        ("stop_atr", 0.0, "stop_atr: 0.0, expected 0.01 to 100"),
        ("first_target_r", 3.0, "first_target_r: 3.0, expected below reward_to_risk (2.5)"),
        ("min_volume", -1.0, "min_volume: -1.0, expected 0 or more"),
        ("confidence", -0.1, "confidence: -0.1, expected 0 to 1"),
    ],
)
def test_a_parameter_out_of_range_is_named(field: str, value: float, expected: str) -> None:
    with pytest.raises(ValueError) as error:
        TrendPullback(**{field: value})

    assert str(error.value) == expected
