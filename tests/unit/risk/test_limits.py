from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from risk.limits import DailyLossAction, RiskLimits

LAKHS_10 = Decimal(1_000_000)


def test_the_defaults_on_ten_lakh_are_the_published_amounts() -> None:
    limits = RiskLimits()

    assert limits.trade_budget_inr(LAKHS_10) == 5_000
    assert limits.heat_budget_inr(LAKHS_10) == 20_000
    assert limits.daily_loss_inr(LAKHS_10) == 25_000
    assert limits.margin_budget_inr(LAKHS_10) == 800_000


@pytest.mark.parametrize(
    ("stop", "distance", "beyond"),
    [("100", "2", "0.2"), ("-100", "2", "0.2"), ("5000", "2", "0.6"), ("100", "-2", "0.1")],
)
def test_beyond_a_stop_slippage_is_allowed_for_and_a_gap_unless_it_locks_something_in(
    stop: str, distance: str, beyond: str
) -> None:
    limits = RiskLimits()

    told = limits.beyond_stop_inr(Decimal(stop), Decimal("0.05"), Decimal(distance))

    assert told == Decimal(beyond)


def test_a_careful_first_hour_on_ten_lakh_halves_the_amounts() -> None:
    limits = RiskLimits(
        risk_per_trade=Decimal("0.0025"), heat=Decimal("0.01"), daily_loss=Decimal("0.01")
    )

    assert limits.trade_budget_inr(LAKHS_10) == 2_500
    assert limits.heat_budget_inr(LAKHS_10) == 10_000
    assert limits.daily_loss_inr(LAKHS_10) == 10_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("risk_per_trade", Decimal(0)),
        ("risk_per_trade", Decimal("0.5")),
        ("heat", Decimal("1.01")),
        ("daily_loss", Decimal("-0.01")),
        ("margin_share", Decimal(0)),
        ("equity_share_per_position", Decimal(2)),
        ("max_spread", Decimal(0)),
        ("max_lots", 0),
        ("max_positions", 0),
        ("max_positions_per_strategy", -1),
        ("max_positions_per_underlying", 0),
        ("max_new_per_underlying", 0),
        ("slippage_ticks", -1),
        ("slippage_share", Decimal("-0.1")),
        ("gap_share", Decimal(-1)),
        ("chase_ticks", -1),
        ("stale_after_seconds", -0.1),
        ("stale_after_seconds", float("nan")),
        ("physical_expiry_days", -1),
        ("underlying_share", Decimal(0)),
        ("direction_share", Decimal("1.01")),
        ("strategy_share", Decimal(0)),
        ("strategy_shares.ORB", Decimal(2)),
        ("max_correlation", Decimal("1.1")),
        ("correlated_share", Decimal(0)),
        ("correlated_from", Decimal(0)),
        ("groups.banks", ("SBIN",)),
        ("depth_share", Decimal(-1)),
        ("max_losses_in_row", 0),
        ("max_losses_in_row_strategy", 0),
        ("cool_down_minutes", -1),
        ("max_order_to_trade", Decimal("0.9")),
        ("order_to_trade_from", -1),
        ("expiry_day_risk", Decimal(0)),
        ("expiry_day_last_minutes", -1),
        ("account_stale_after_seconds", -1.0),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(field: str, value: Any) -> None:
    named = "heat" if (field, value) == ("risk_per_trade", Decimal("0.5")) else field

    name, _, key = field.partition(".")

    with pytest.raises(ValueError, match=f"^{named}: "):
        RiskLimits(**{name: {key: value} if key else value})


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("heat", Decimal("1.5"), "heat: 1.5, expected above 0, at most 1"),
        ("max_lots", 0, "max_lots: 0, expected 1 or more"),
        ("gap_share", Decimal(-1), "gap_share: -1, expected 0 or more"),
        ("strategy_shares", {"ORB": Decimal(0)}, "strategy_shares.ORB: 0, expected above 0, at"),
        ("groups", {"own": ("NIFTY",)}, "groups.own: ('NIFTY',), expected two underlyings or more"),
        (
            "spread_by_segment",
            {"CASH": 2},
            "spread_by_segment.CASH: 2, expected above 0, at most 1",
        ),
        (
            "stale_by_segment",
            {"CASH": 86_401},
            "stale_by_segment.CASH: 86401, expected above 0, at",
        ),
        (
            "stale_by_segment",
            {"X": 5},
            "stale_by_segment.X: 5, expected a segment of CASH, FUTURES",
        ),
        ("heat", Decimal("0.001"), "heat: 0.001 is below risk_per_trade 0.005, expected room for"),
    ],
)
def test_a_limit_out_of_range_is_told_with_its_value_and_what_was_expected(
    field: str, value: Any, told: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(told)}"):
        RiskLimits(**{field: value})


def test_all_of_the_heat_may_be_one_trade_s_and_one_strategy_s() -> None:
    limits = RiskLimits(
        risk_per_trade=Decimal("0.02"),
        heat=Decimal("0.02"),
        strategy_shares={"ORB": Decimal(1)},
    )

    assert limits.share_of("ORB") == 1


def test_the_loss_of_a_day_flattens_unless_the_limits_say_otherwise() -> None:
    assert RiskLimits().daily_loss_flattens
    assert not RiskLimits(daily_loss_action=DailyLossAction.NO_ENTRIES).daily_loss_flattens
