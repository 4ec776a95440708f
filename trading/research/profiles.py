"""The two ways a backtest is set: the desk's own configuration, and one that any outsider can copy.

What the settings mean stands with the rooms; what follows from them in `docs/backtesting.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marketdata.events import EventKind
from strategies.registry import STRATEGIES
from trading.config import Config, ConfigError, read, with_settings

_SEGMENTS = ("derivatives", "cash")
_NO_LIMIT = 1000


class Profile(StrEnum):
    """`default`: as the desk trades. `plain`: comparable with a plain implementation."""

    DEFAULT = "default"
    PLAIN = "plain"


PLAIN_STRATEGIES: Mapping[str, Mapping[str, Any]] = {
    "opening_range": {
        "range_coverage": 0.01,
        "confirmations": 1,
        "breakout_threshold": 0.0,
        "min_volume_ratio": 0.0,
        "max_opening_gap": 0.0,
        "skip_minutes": 0,
        "latest_minute": 1440,
    },
    "trend_pullback": {
        "min_adx": 0.0,
        "max_pullback": 0.0,
        "max_risk_atr": 0.0,
        "min_price": 0.0,
        "min_volume": 0.0,
    },
}
"""Parameters that leave a strategy its bare rule: no filters, one confirmation, no threshold."""

_EXITS_OFF = (
    "trail",
    "target1",
    "target2",
    "break_even_after_target1",
    "time_stop",
    "volatility",
    "mae",
)
"""Exits decided by prices; what is left, the stop and the last target, rests at the exchange."""

_PLAIN: Mapping[str, Any] = {
    "risk": {
        "risk_per_trade": 1,
        "heat": 1,
        "daily_loss": 1,
        "margin_share": 1,
        "equity_share_per_position": 1,
        "max_lots": _NO_LIMIT,
        "max_positions": _NO_LIMIT,
        "max_positions_per_strategy": _NO_LIMIT,
        "max_positions_per_underlying": _NO_LIMIT,
        "max_new_per_underlying": _NO_LIMIT,
        "max_losses_in_row": _NO_LIMIT,
        "max_losses_in_row_strategy": _NO_LIMIT,
        "underlying_share": 1,
        "strategy_share": 1,
        "correlated_share": 1,
        "correlated_from": 1,
        "groups": {},
        "max_correlation": 1,
        "depth_share": _NO_LIMIT,
        "max_order_to_trade": _NO_LIMIT,
        "expiry_day_last_minutes": 0,
        "slippage_ticks": 0,
        "slippage_share": 0,
        "gap_share": 0,
        "chase_ticks": 0,
        "stale_after_seconds": 86_400,
        "max_spread": 1,
        "require_quote": False,
        "physical_expiry_days": 0,
    },
    "exits": dict.fromkeys(_EXITS_OFF, False),
    "ranking": {
        "top_n": _NO_LIMIT,
        "max_per_underlying": _NO_LIMIT,
        "max_correlated": _NO_LIMIT,
        "penalties": {"max_correlation": 1},
    },
    "execution": {
        "entry_style": "MARKET",
        "entry_timeout_seconds": 86_400,
        "stop_is_market": True,
        "exit_is_market": True,
        "target_style": "REST",
        "one_unit": True,
        "with_charges": False,
    },
    "exchange": {
        "slippage_ticks": 0,
        "fills_at_touch": True,
        "full_fills": True,
        "require_market_protection": False,
    },
    "event_block_minutes": 0,
    "events": {
        kind.lower(): {"near_before_minutes": 0, "near_after_minutes": 0, "whole_day": False}
        for kind in EventKind
    },
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a run is asked to trade with.

    `document`: a configuration document the run starts from, empty for the defaults; `settings`:
    `key.path=value` texts that are laid over everything else.
    """

    profile: Profile
    strategies: tuple[str, ...]
    capital_inr: Decimal
    document: Mapping[str, Any]
    settings: tuple[str, ...]


def config_of(wishes: Wishes) -> Config:
    """Return the configuration of a run: the document's, the profile's over it, then settings.

    Raises `ConfigError` naming a strategy or key that cannot be, and what was expected.
    """
    for name in wishes.strategies:
        if name not in STRATEGIES:
            known = ", ".join(sorted(STRATEGIES))
            raise ConfigError(f"--strategies {name}: expected one of {known}")
    document = _over(wishes.document, _profile(wishes))
    document["capital_inr"] = str(wishes.capital_inr)
    config = read(with_settings(document, list(wishes.settings)))
    for name in config.strategies:
        if name not in wishes.strategies:
            raise ConfigError(f"--set strategies.{name}: not among --strategies")
    return config


def _profile(wishes: Wishes) -> dict[str, Any]:
    if wishes.profile is Profile.DEFAULT:
        given = wishes.document.get("strategies", {})
        return {"strategies": {name: dict(given.get(name, {})) for name in wishes.strategies}}
    return {
        **_PLAIN,
        "strategies": {name: dict(PLAIN_STRATEGIES.get(name, {})) for name in wishes.strategies},
        "hours": {segment: _plain_hours(wishes.settings, segment) for segment in _SEGMENTS},
    }


def _plain_hours(settings: Sequence[str], segment: str) -> dict[str, Any]:
    """Return hours in which everything follows the square-off: entries until it, flat 5 min on."""
    square_off = "15:20"
    for setting in settings:
        key, _, text = setting.partition("=")
        if key == f"hours.{segment}.square_off_at":
            square_off = text
    return {
        "entries_after_open_minutes": 0,
        "entries_until": square_off,
        "tighten_at": square_off,
        "square_off_at": square_off,
        "flat_by": _later(square_off),
    }


def _later(clock: str) -> str:
    """Return a time of day five minutes on, or the text itself where it is none."""
    try:
        moment = time.fromisoformat(clock)
    except ValueError:
        return clock
    minutes = (moment.hour * 60 + moment.minute + 5) % 1440
    return moment.replace(hour=minutes // 60, minute=minutes % 60).isoformat()


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `above` over `below`, key by key in groups of settings; strategies as a whole."""
    result = dict(below)
    for key, value in above.items():
        known = result.get(key)
        if key != "strategies" and isinstance(value, Mapping) and isinstance(known, Mapping):
            result[key] = _over(known, value)
        else:
            result[key] = value
    return result
