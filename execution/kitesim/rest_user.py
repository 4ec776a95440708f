"""Profile and funds over REST.

The arithmetic of the money is `funds.py`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from execution.kitesim.answers import bad_input, success
from execution.kitesim.backend import Backend, backend_of
from execution.kitesim.funds import Money
from execution.kitesim.margin_lines import Lines

_ZERO = Decimal(0)
_PAISA = Decimal("0.01")


def profile(backend: Backend) -> dict[str, Any]:
    """Return who the account belongs to and what it may trade."""
    user_id = backend.sessions.keys.user_id
    return {
        "user_id": user_id,
        "user_type": "individual",
        "email": f"{user_id.lower()}@example.com",
        "user_name": "Simulated Trader",
        "user_shortname": "Simulated",
        "broker": "ZERODHA",
        "exchanges": ["NSE", "BSE", "NFO", "BFO"],
        "products": ["CNC", "NRML", "MIS"],
        "order_types": ["MARKET", "LIMIT", "SL", "SL-M"],
        "avatar_url": None,
        "meta": {"demat_consent": "consent"},
    }


async def get_profile(request: web.Request) -> web.Response:
    """Answer with the profile."""
    return success(profile(backend_of(request)))


async def get_margins(request: web.Request) -> web.Response:
    """Answer with the funds of both segments."""
    told = segment(backend_of(request).books.money())
    return success({"equity": told, "commodity": _nothing()})


async def get_segment(request: web.Request) -> web.Response:
    """Answer with the funds of one segment."""
    match request.match_info["segment"]:
        case "equity":
            return success(segment(backend_of(request).books.money()))
        case "commodity":
            return success(_nothing())
    raise bad_input("Invalid segment name.")


def routes() -> list[web.RouteDef]:
    """Return the calls of an account."""
    return [
        web.get("/user/profile", get_profile),
        web.get("/user/margins", get_margins),
        web.get("/user/margins/{segment}", get_segment),
    ]


def segment(money: Money) -> dict[str, Any]:
    """Return one segment's funds: what is available, what is used, what is left of it."""
    held = money.held
    used = {
        "debits": money.used,
        "exposure": held.exposure,
        "m2m_realised": money.lost,
        "m2m_unrealised": money.losing,
        "option_premium": held.premium,
        "payout": _ZERO,
        "span": held.span + money.ordered,
        "holding_sales": _ZERO,
        "turnover": _ZERO,
        "liquid_collateral": _ZERO,
        "stock_collateral": _ZERO,
        "delivery": held.value,
    }
    return {
        "enabled": True,
        "net": _paisa(money.left),
        "available": {
            "adhoc_margin": 0,
            "cash": money.cash,
            "opening_balance": money.cash,
            "live_balance": _paisa(money.left),
            "collateral": 0,
            "intraday_payin": 0,
        },
        "utilised": {name: _paisa(value) for name, value in used.items()},
    }


def _nothing() -> dict[str, Any]:
    nothing = segment(Money(_ZERO, Lines(), _ZERO, _ZERO, _ZERO))
    return nothing | {"enabled": False}


def _paisa(amount: Decimal) -> Decimal:
    return amount.quantize(_PAISA)
