"""A desk at 10:30: two positions, their orders, an approved and a refused signal."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
LONG, SHORT = "NSE:TCS", "NFO:NIFTY26OCTFUT"


def at(clock: str) -> str:
    return f"2026-10-06T{clock}+05:30"


def position(code: str, instrument: str, direction: int, **fields: Any) -> Document:
    return {
        "id": code,
        "plan_id": code,
        "strategy": "opening_range",
        "instrument": instrument,
        "direction": direction,
        "quantity": direction * 66,
        "opened_quantity": direction * 66,
        "average_entry": 3012.0,
        "average_exit": None,
        "last": 3015.5,
        "stop": 3004.2 if direction > 0 else 3020.0,
        "target1": 3021.1 if direction > 0 else 3003.0,
        "target2": 3025.8 if direction > 0 else 2998.0,
        "unrealised": 231.0,
        "gross": 0.0,
        "charges": 36.99,
        "net": 194.01,
        "r": 0.45,
        "mae_r": -0.1,
        "mfe_r": 0.6,
        "protected": 66,
        "confirmed": 66,
        "state": "OPEN",
        "exit_reason": "",
        "opened_at": at("09:43:00"),
        "closed_at": None,
        "decision_id": "D1",
        "signal_id": "S1",
        **fields,
    }


def order(code: str, plan: str, role: str, state: str, **fields: Any) -> Document:
    return {
        "id": code,
        "client_id": code,
        "broker_id": "",
        "plan_id": plan,
        "role": role,
        "instrument": LONG,
        "side": "BUY" if role == "ENTRY" else "SELL",
        "order_type": "LIMIT" if role == "ENTRY" else "SL",
        "product": "MIS",
        "validity": "DAY",
        "quantity": 66,
        "price": 3012.2,
        "trigger_price": None if role == "ENTRY" else 3004.2,
        "state": state,
        "filled_quantity": 66 if state == "FILLED" else 0,
        "average_price": 3012.0 if state == "FILLED" else None,
        "modifications": 0,
        "event": state,
        "reason": "",
        "at": at("09:43:00"),
        "life": [
            {
                "at": at("09:43:00"),
                "event": "SENT",
                "state": "SENT",
                "reason": "",
                "price": 3012.2,
            },
            {"at": at("09:43:01"), "event": state, "state": state, "reason": ""},
        ],
        **fields,
    }


def signal(code: str, instrument: str, decision: Document | None, **fields: Any) -> Document:
    return {
        "id": code,
        "signal_id": code,
        "at": at("09:43:00"),
        "setup_key": code,
        "strategy": "opening_range",
        "instrument": instrument,
        "traded": instrument,
        "direction": 1,
        "entry": 3011.9,
        "stop": 3004.2,
        "target1": 3021.1,
        "target2": 3025.8,
        "confidence": 0.75,
        "valid_until": at("09:53:00"),
        "features": [["range.high", 3010.0]],
        "score": 0.51,
        "rank": 1,
        "contributions": [
            {
                "feature": "momentum",
                "raw": 0.63,
                "normalised": 0.57,
                "weight": 0.25,
                "contribution": 0.143,
            },
        ],
        "penalties": [
            {"name": "wide-spread", "factor": 0.7, "measured": 0.004, "threshold": 0.003}
        ],
        "why_not": "",
        "decision": decision,
        **fields,
    }


def decision(*, approved: bool, verdicts: list[Document]) -> Document:
    return {
        "decision_id": "D1",
        "approved": approved,
        "refusals": [verdict["rule"] for verdict in verdicts if not verdict["passed"]],
        "verdicts": verdicts,
        "quantity": 66 if approved else 0,
        "risk_inr": 520.0,
        "heat_before_inr": 0.0,
        "heat_after_inr": 520.0,
        "expected_costs_inr": 80.0,
        "margin_inr": 39758.0,
    }


def verdict(rule: str, measured: str, allowed: str, unit: str, *, passed: bool) -> Document:
    told = {"rule": rule, "measured": measured, "allowed": allowed, "unit": unit}
    return {**told, "passed": passed, "detail": ""}


def account(**fields: Any) -> Document:
    return {
        "capital": 1_000_000.0,
        "balance": 999_926.02,
        "realised": -73.98,
        "unrealised": 462.0,
        "equity": 1_000_388.02,
        "day_profit": 388.02,
        "charges": 73.98,
        "heat": 12_000.0,
        "heat_limit": 20_000.0,
        "daily_loss_limit": 25_000.0,
        "margin_used": 640_000.0,
        "margin_limit": 800_000.0,
        "positions_open": 2,
        "positions_limit": 5,
        "drawdown": 120.0,
        **fields,
    }


FILLS: list[Document] = [
    {
        "id": "T1",
        "trade_id": "T1",
        "at": at("09:43:01"),
        "client_id": "R1E1",
        "plan_id": "P1",
        "instrument": LONG,
        "side": "BUY",
        "quantity": 66,
        "price": 3012.0,
    }
]
STRATEGIES: list[Document] = [
    {
        "name": "opening_range",
        "trades": 4,
        "wins": 3,
        "losses": 1,
        "net": 1234.5,
        "win_rate": 0.75,
        "expectancy": 308.63,
    }
]
HEALTH: Document = {
    "feed": {"at": at("10:30:00"), "age_s": 0.4},
    "engine": {"heartbeat_at": None, "ok": True},
    "recorder": {"lag_records": 0, "lag_s": 0.0},
    "worker": {"heartbeat_at": None, "ok": False},
}
EVENTS: list[Document] = [
    {
        "id": "1",
        "at": at("09:15:00"),
        "kind": "state",
        "name": "OPEN",
        "severity": "INFO",
        "text": "nothing blocks entries",
        "measured": "",
        "allowed": "",
    }
]


def signals() -> list[Document]:
    hours = f"{at('09:20:00')} to {at('14:55:00')}"
    refused = [
        verdict("trading-state", "OPEN", "OPEN", "", passed=True),
        verdict("daily-loss", "26000.5", "25000", "INR", passed=False),
        verdict("hours", at("14:57:00"), hours, "time", passed=False),
    ]
    no, yes = decision(approved=False, verdicts=refused), refused[:1]
    return [
        signal("S2", "NSE:INFY", no, at=at("10:29:00")),
        signal("S1", LONG, decision(approved=True, verdicts=yes)),
    ]


def aside() -> list[Document]:
    """Return a strategy in quarantine and a scope that the kill switch has closed."""
    told = "opening_range is put aside until a person releases it: ValueError: no such bar"
    strategy = {"id": "strategy:opening_range", "kind": "strategy", "subject": "opening_range"}
    scope = {"id": "scope:underlying:NIFTY", "kind": "scope", "subject": "underlying:NIFTY"}
    closed = "underlying:NIFTY is closed by the kill switch"
    return [
        {**scope, "at": at("10:29:00"), "text": closed},
        {**strategy, "at": at("10:20:00"), "text": told},
    ]


def option(**fields: Any) -> Document:
    told = {"bid": 101.5, "ask": 102.5, "last": 102.0, "iv": 0.131, "delta": 0.52, "gamma": 0.0012}
    more = {"theta": -14.2, "vega": 11.8, "oi": 123_450, "volume": 65_000, "fault": ""}
    return {**told, **more, **fields}


def chain(underlying: str, expiry: str, **fields: Any) -> Document:
    """Return an option chain of 41 strikes around 24,800."""
    silent = option(bid=None, iv=None, fault="its book lacks a bid or an ask")
    rows = [
        {"strike": 23_800.0 + 50 * place, "call": option(), "put": option(delta=-0.48)}
        for place in range(41)
    ]
    rows[0]["put"] = silent
    return {
        "underlying": underlying,
        "expiry": expiry,
        "at": at("10:30:00"),
        "why_not": "",
        "spot": 24_787.2,
        "forward": 24_811.35,
        "pairs": 9,
        "days": 6.2,
        "atm": 24_800.0,
        "atm_iv": 0.1283,
        "iv_month": 0.1345,
        "iv_rank": 37.4,
        "iv_percentile": 41.2,
        "iv_missing": "",
        "skew": 0.0213,
        "pcr_oi": 0.87,
        "pcr_volume": 1.04,
        "call_wall": 25_000.0,
        "put_wall": 24_500.0,
        "max_pain": 24_700.0,
        "rows": rows,
        **fields,
    }


def run_of(code: str) -> Document:
    told = {"code": code, "date": "2026-10-06", "mode": "PAPER", "source": "synthetic"}
    return {**told, "state": "RUNNING", "speed": 60.0}


def desk_state(run: str) -> Document:
    return {
        "version": 1,
        "sequence": 100,
        "at": at("10:30:00"),
        "wall_at": None,
        "run": run_of(run),
        "trading_state": "OPEN",
        "blocked_by": [],
        "aside": [],
        "account": account(),
        "positions": [position("P2", SHORT, -1), position("P1", LONG, 1)],
        "orders": [
            order("R1S2", "P1", "STOP", "OPEN"),
            order("R1E1", "P1", "ENTRY", "FILLED"),
        ],
        "signals": signals(),
        "fills": FILLS,
        "equity": [[at("09:16:00"), 1_000_000.0, 0.0], [at("10:30:00"), 1_000_388.02, 120.0]],
        "strategies": STRATEGIES,
        "health": HEALTH,
        "events": EVENTS,
        "watch": [{"instrument": "NSE:NIFTY 50", "last": 24787.2, "change_pct": 0.52}],
        "chains": [],
    }


def flat(state: Document, *, reason: str) -> dict[str, Any]:
    """Return the fields of a state in which everything has been closed for `reason`."""
    over = {"quantity": 0, "state": "CLOSED", "exit_reason": reason, "closed_at": state["at"]}
    return {
        "positions": [{**one, **over} for one in state["positions"]],
        "orders": [
            {**one, "state": "CANCELLED"} if one["state"] == "OPEN" else one
            for one in state["orders"]
        ],
        "trading_state": "HALTED",
        "blocked_by": ["kill-switch"],
    }
