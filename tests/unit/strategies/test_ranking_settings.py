from __future__ import annotations

import pytest

from strategies.ranking_settings import PenaltyFactors, RankingSettings, Weights


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
