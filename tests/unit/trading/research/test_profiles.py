"""Configurations of a backtest: what a profile sets, and what is laid over what."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest

from trading.config import Config, ConfigError
from trading.research.profiles import PLAIN_STRATEGIES, Profile, Wishes, config_of


def wishes(profile=Profile.PLAIN, strategies=("opening_range",), document=None, settings=()):
    return Wishes(profile, strategies, Decimal(500_000), document or {}, tuple(settings))


def test_the_default_profile_changes_nothing_but_capital_and_strategies():
    config = config_of(wishes(Profile.DEFAULT, tuple(Config().strategies)))

    assert config == Config(capital_inr=Decimal(500_000))


def test_settings_lie_over_the_profile_and_the_profile_over_the_file():
    document = {"risk": {"heat": 0.5, "risk_per_trade": 0.1}, "exchange": {"participation": 0.5}}

    config = config_of(
        wishes(document=document, settings=("risk.heat=0.9", "risk.risk_per_trade=0.9"))
    )

    assert config.risk.heat == Decimal("0.9")
    assert config.exchange.participation == 0.5
    assert config.risk.max_positions == 1000


def test_the_square_off_moves_everything_that_follows_it():
    hours = config_of(wishes(settings=("hours.cash.square_off_at=14:57",))).hours

    assert (hours.cash.entries_until, hours.cash.tighten_at) == (time(14, 57), time(14, 57))
    assert (hours.cash.square_off_at, hours.cash.flat_by) == (time(14, 57), time(15, 2))
    assert hours.derivatives.square_off_at == time(15, 20)


def test_a_setting_reaches_one_parameter_and_leaves_the_others_plain():
    config = config_of(wishes(settings=("strategies.opening_range.range_minutes=30",)))

    plain = PLAIN_STRATEGIES["opening_range"]
    assert config.strategies == {"opening_range": {**plain, "range_minutes": 30}}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"strategies": ("nonsense",)}, "nonsense"),
        ({"settings": ("strategies.trend_pullback.min_adx=1",)}, "not among"),
        ({"settings": ("hours.cash.square_off_at=late",)}, "hours.cash"),
        ({"settings": ("execution.one_unit=maybe",)}, "one_unit"),
        ({"document": {"risk": {"heet": 1}}}, "heet"),
    ],
)
def test_what_cannot_be_is_named(given, named):
    with pytest.raises(ConfigError, match=named):
        config_of(wishes(**given))
