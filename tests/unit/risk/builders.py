"""Builders of what does not matter in the tests of the risk room."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import structs

from execution.orders import Side
from marketdata.instruments import Exchange, Instrument, Kind
from risk.breakers import Breakers
from risk.case import case_of
from risk.exposure import Exposure, OpenRisk
from risk.hours import Stages
from risk.limits import RiskLimits
from risk.proposal import GateContext, Proposal, ProposedLeg
from risk.rules import Rule
from risk.verdict import Verdict
from strategies.signals import Direction
from strategies.structures import Quote

IST = ZoneInfo("Asia/Kolkata")
TODAY = date(2026, 8, 12)
D = Decimal


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(TODAY.year, TODAY.month, TODAY.day, hour, minute, second, tzinfo=IST)


@dataclass(frozen=True, slots=True)
class Costs:
    """Charges of a fixed sum and a rate a unit; margin by unit."""

    fixed: Decimal = Decimal(0)
    per_unit: Decimal = Decimal(0)
    margin_per_unit: Decimal = Decimal(0)

    def round_trip(self, quantity: int) -> Decimal:
        return self.fixed + self.per_unit * quantity

    def margin(self, quantity: int) -> Decimal:
        return self.margin_per_unit * quantity


FREE = Costs()
BARE = RiskLimits(
    slippage_ticks=0,
    slippage_share=D(0),
    gap_share=D(0),
    chase_ticks=0,
    max_positions=100,
    max_positions_per_strategy=100,
    max_positions_per_underlying=100,
    max_new_per_underlying=100,
)
"""Limits without allowances and counts, so that a test sees its own numbers."""

FUTURE = Instrument(
    token=1,
    exchange=Exchange.NFO,
    symbol="NIFTY26AUGFUT",
    name="NIFTY",
    kind=Kind.FUTURE,
    lot_size=65,
    tick_size=D("0.1"),
    expiry=date(2026, 8, 25),
    freeze_quantity=1800,
)
SHARE = Instrument(
    token=2,
    exchange=Exchange.NSE,
    symbol="RELIANCE",
    name="RELIANCE",
    kind=Kind.EQUITY,
    lot_size=1,
    tick_size=D("0.1"),
)
STAGES = Stages(at(9, 20), at(15, 15), at(15, 20), at(15, 22), at(15, 25))


def exposure(*risks: OpenRisk, equity: int = 1_000_000, **changes: Any) -> Exposure:
    usual = Exposure(D(equity), D(equity), D(0), D(0), risks)
    return structs.replace(usual, **changes)


def open_risk(**changes: Any) -> OpenRisk:
    usual = OpenRisk(
        key="held",
        underlying="BANKNIFTY",
        strategy="TREND",
        direction=Direction.LONG,
        quantity=30,
        margin_inr=D(0),
        risk_inr=D(0),
        working=False,
    )
    return structs.replace(usual, **changes)


def context(**changes: Any) -> GateContext:
    usual: dict[str, Any] = {
        "now": at(11, 0),
        "stages": STAGES,
        "exposure": exposure(),
        "breakers": Breakers(),
        "live": False,
    }
    return GateContext(**(usual | changes))


def quote(bid: float, ask: float) -> Quote:
    return Quote(last=bid, bid=bid, ask=ask, bid_quantity=650, ask_quantity=650)


def last_only(price: float) -> Quote:
    return Quote(last=price, bid=math.nan, ask=math.nan, bid_quantity=0, ask_quantity=0)


def leg(
    instrument: Instrument = FUTURE,
    side: Side = Side.BUY,
    at_quote: Quote | None = None,
    *,
    age_seconds: float = 0.5,
    ratio: int = 1,
) -> ProposedLeg:
    told = at_quote or quote(25_000.0, 25_000.0)
    return ProposedLeg(instrument, side, told, age_seconds, ratio)


def proposal(**changes: Any) -> Proposal:
    usual: dict[str, Any] = {
        "setup": "ORB/NFO:NIFTY26AUGFUT/long",
        "strategy": "ORB",
        "max_positions": 100,
        "underlying": "NIFTY",
        "view": Direction.LONG,
        "valid_until": at(11, 10),
        "direction": Direction.LONG,
        "stop": 24_950.0,
        "target1": 25_060.0,
        "target2": 25_100.0,
        "legs": (leg(),),
        "costs": FREE,
    }
    return Proposal(**(usual | changes))


def short_proposal(**changes: Any) -> Proposal:
    usual: dict[str, Any] = {
        "view": Direction.SHORT,
        "direction": Direction.SHORT,
        "stop": 25_050.0,
        "target1": 24_940.0,
        "target2": 24_900.0,
        "legs": (leg(side=Side.SELL),),
    }
    return proposal(**(usual | changes))


def ask(
    rule: Rule,
    asked: Proposal | None = None,
    desk: GateContext | None = None,
    **limits: Any,
) -> Verdict:
    """Return what a rule says of a proposal on a desk with these limits changed."""
    return rule(case_of(asked or proposal(), desk or context(), replace(BARE, **limits)))
