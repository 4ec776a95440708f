"""A configuration under which option strategies speak on made days of sparse, wide books."""

from __future__ import annotations

from trading.config import Config, read

_OPEN_BOOKS = {"max_spread": 0.2, "min_oi": 0.0, "min_volume": 0.0, "max_days": 30}
_ANY_VOLATILITY = {"min_iv_percentile": 0.0, "max_iv_percentile": 100.0}


def legs_config() -> Config:
    """Return a desk that lets option strategies speak on days of sparse, wide books."""
    return read(
        {
            "capital_inr": "20000000",
            "risk": {
                "max_spread": "0.2",
                "risk_per_trade": "0.02",
                "heat": "0.1",
                "max_lots": 2,
                "stale_after_seconds": 360,
                "max_positions": 12,
                "max_positions_per_strategy": 4,
                "max_positions_per_underlying": 4,
                "max_new_per_underlying": 3,
            },
            "execution": {"leg_retry_seconds": 30, "leg_attempts": 4},
            "ranking": {"max_per_underlying": 3},
            "strategies": {
                "iron_condor": _OPEN_BOOKS | _ANY_VOLATILITY | {"min_days": 0, "min_credit": 0.05},
                "short_strangle": _OPEN_BOOKS
                | {"allow_naked_short": True, "max_iv_rank": 100.0, "latest_minute": 250}
                | {"max_move": 0.05},
                "trend_credit_spread": _OPEN_BOOKS
                | {"min_days": 0, "min_iv_percentile": 0.0, "min_pop": 0.3, "min_credit": 0.05}
                | {"max_loss_inr": 60_000.0},
            },
        }
    )
