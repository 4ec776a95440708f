from __future__ import annotations

import pytest

from strategies.opening_range import OpeningRange
from strategies.registry import STRATEGIES, StrategyConfigError, build_strategies, parameter_types
from strategies.trend_pullback import TrendPullback


def test_strategies_are_built_in_the_order_given_with_defaults() -> None:
    built = build_strategies({"trend_pullback": {"stop_mode": "swing"}, "opening_range": {}})

    assert built == (TrendPullback(stop_mode="swing"), OpeningRange())


def test_a_whole_number_is_taken_for_a_fraction() -> None:
    (built,) = build_strategies({"opening_range": {"reward_to_risk": 2}})

    assert isinstance(built, OpeningRange)
    assert repr(built.reward_to_risk) == "2.0"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"orb": {}},
            f"orb: no such strategy, expected one of {', '.join(sorted(STRATEGIES))}",
        ),
        ({"opening_range": 5}, "opening_range: 5, expected parameters by name"),
        (
            {"opening_range": {"range_minutes": 15.5}},
            "opening_range.range_minutes: 15.5 (float), expected a whole number",
        ),
        (
            {"opening_range": {"confirmations": True}},
            "opening_range.confirmations: True (bool), expected a whole number",
        ),
        (
            {"opening_range": {"confidence": "high"}},
            "opening_range.confidence: 'high' (str), expected a number",
        ),
        (
            {"opening_range": {"confidence": True}},
            "opening_range.confidence: True (bool), expected a number",
        ),
        (
            {"trend_pullback": {"stop_mode": 1}},
            "trend_pullback.stop_mode: 1 (int), expected text",
        ),
        (
            {"opening_range": {"range_minutes": 0}},
            "opening_range.range_minutes: 0, expected 1 to 375",
        ),
        (
            {"trend_pullback": {"min_adx": 101}},
            "trend_pullback.min_adx: 101.0, expected 0 to 100",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(
    config: dict[str, dict[str, object]], message: str
) -> None:
    with pytest.raises(StrategyConfigError) as error:
        build_strategies(config)

    assert str(error.value) == message


def test_an_unknown_parameter_is_told_the_known_ones() -> None:
    with pytest.raises(StrategyConfigError) as error:
        build_strategies({"opening_range": {"window": 15}})

    assert "opening_range.window: no such parameter, expected one of" in str(error.value)
    assert "range_minutes" in str(error.value)


def test_every_parameter_has_a_plain_type_and_every_name_its_class() -> None:
    for name in STRATEGIES:
        assert set(parameter_types(name).values()) <= {int, float, str, bool}
        assert build_strategies({name: {}})[0].name == name
