from __future__ import annotations

import math

import pytest

from strategies.ranking_settings import PenaltyFactors, RankingSettings, Weights
from trading.config import ConfigError, document_of, read


def test_the_defaults_are_the_house_figures() -> None:
    settings = RankingSettings()

    assert settings.weights == Weights(0.25, 0.25, 0.20, 0.15, 0.15)
    assert (settings.penalties.illiquid, settings.penalties.event) == (0.5, 0.7)
    assert (settings.top_n, settings.max_per_underlying) == (5, 1)


def test_weights_that_do_not_add_up_to_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights: .* add up to 1\.05, expected 1"):
        Weights(momentum=0.30)


def test_a_negative_weight_is_refused_though_the_sum_is_one() -> None:
    with pytest.raises(ValueError, match=r"rr: -0\.15, expected 0 to 1"):
        Weights(momentum=0.55, rr=-0.15)


@pytest.mark.parametrize(
    ("field", "value"), [("illiquid", 1.1), ("max_spread", -0.1), ("min_depth_lots", -1.0)]
)
def test_a_penalty_out_of_range_is_named(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        PenaltyFactors(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [("top_n", 0), ("max_per_underlying", 0), ("window", 0), ("min_samples", 0), ("clip", 0.0)],
)
def test_a_setting_out_of_range_is_named(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        RankingSettings(**{field: value})


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (
            {"spread_by_segment": {"OPTION": 0.1}},
            r"^spread_by_segment\.OPTION: expected a segment of",
        ),
        ({"spread_by_segment": {"OPTIONS": 1.1}}, r"^spread_by_segment\.OPTIONS: 1\.1, .* 0 to 1$"),
        ({"depth_lots_by_segment": {"CASH": -1.0}}, r"^depth_lots_by_segment\.CASH: -1\.0"),
        ({"volume_lots_by_segment": {"CASH": math.nan}}, r"^volume_lots_by_segment\.CASH: nan"),
        (
            {"open_interest_lots_by_segment": {"": 1.0}},
            r"^open_interest_lots_by_segment\.: expected",
        ),
    ],
)
def test_a_segment_or_threshold_that_cannot_be_is_named(
    limits: dict[str, dict[str, float]], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        PenaltyFactors(**limits)  # type: ignore[arg-type]


def test_thresholds_by_segment_come_back_from_a_stored_configuration() -> None:
    own = {"spread_by_segment": {"OPTIONS": 0.02}, "depth_lots_by_segment": {"CASH": 100}}

    document = {"ranking": {"penalties": own}}
    again = read(document_of(read(document))).ranking.penalties

    assert (again.spread_of("OPTIONS"), again.spread_of("FUTURES")) == (
        (0.02, True),
        (0.005, False),
    )
    assert (again.depth_of("CASH"), again.depth_of("OPTIONS")) == ((100.0, True), (1.0, False))


def test_a_stored_configuration_names_the_segment_it_does_not_know() -> None:
    with pytest.raises(ConfigError, match=r"ranking\.penalties.*spread_by_segment\.FUTURE"):
        read({"ranking": {"penalties": {"spread_by_segment": {"FUTURE": 0.02}}}})
