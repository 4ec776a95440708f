"""The small market of a simulated day and what the desk starts it with, all chosen by one chance.

How its prices move is `street.py`; what goes wrong in it `troubles.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.universe import Column, Universe, UniverseSettings, build_universe
from risk.exits import ExitRules
from risk.hours import Stages
from risk.limits import RiskLimits
from strategies.ranking_settings import RankingSettings
from strategies.signals import Direction
from strategies.structures import StructureKind
from trading.engine.settings import EngineSetup, ExecutionSettings
from trading.simulation.opinions import InTurn, Restless, RestlessLegs, Shape
from trading.simulation.troubles import Span

D = Decimal
DAY = date(2026, 10, 6)
OPENS = datetime(2026, 10, 6, 9, 15, tzinfo=IST)
STAGES = Stages(*(OPENS + timedelta(seconds=after) for after in (50, 250, 265, 280, 400)))
CLOSES = OPENS + timedelta(seconds=430)
TROUBLED = Span(first=55, last=290, over=310)
"""Whatever goes wrong is over well before the deadline, so that the desk can be flat by it."""
STEP_SECONDS = 2
"""Seconds between two frames of prices."""

INDEX = Instrument(1, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, D("0.05"))
FUTURE = Instrument(
    token=2,
    exchange=Exchange.NFO,
    symbol="NIFTY26OCTFUT",
    name="NIFTY",
    kind=Kind.FUTURE,
    lot_size=65,
    tick_size=D("0.1"),
    expiry=date(2026, 10, 27),
    freeze_quantity=1_800,
)
RELIANCE = Instrument(3, Exchange.NSE, "RELIANCE", "RELIANCE", Kind.EQUITY, 1, D("0.1"))
TCS = Instrument(4, Exchange.NSE, "TCS", "TCS", Kind.EQUITY, 1, D("0.1"))


def _option(token: int, strike: int, kind: Kind) -> Instrument:
    return Instrument(
        token=token,
        exchange=Exchange.NFO,
        symbol=f"NIFTY26O13{strike}{kind}",
        name="NIFTY",
        kind=kind,
        lot_size=65,
        tick_size=D("0.05"),
        expiry=date(2026, 10, 13),
        strike=D(strike),
        freeze_quantity=1_800,
    )


LOW_PUT, HIGH_PUT = _option(5, 23_800, Kind.PUT), _option(6, 23_900, Kind.PUT)
LOW_CALL, HIGH_CALL = _option(7, 24_100, Kind.CALL), _option(8, 24_200, Kind.CALL)
OPTIONS = (LOW_PUT, HIGH_PUT, LOW_CALL, HIGH_CALL)
STAND = {1: 24_000.0, 2: 24_000.0, 3: 1_000.0, 4: 2_000.0, 5: 20.0, 6: 50.0, 7: 55.0, 8: 25.0}
"""Rupees at which the market stands before anything happens, by token."""
MOVES = {1: 1.0, 2: 1.0, 3: 0.1, 4: 0.2, 5: -0.1, 6: -0.25, 7: 0.25, 8: 0.12}
"""Rupees of a price for each point of the index."""


def _shapes(freeze: int | None) -> tuple[Shape, ...]:
    low_put, high_put, low_call, high_call = (replace(o, freeze_quantity=freeze) for o in OPTIONS)
    long, short = Direction.LONG, Direction.SHORT
    condor = ((high_put, -1), (low_put, 1), (low_call, -1), (high_call, 1))
    return (
        Shape(StructureKind.IRON_CONDOR, condor, short, 12.0, 40.5),
        Shape(StructureKind.SHORT_STRANGLE, ((high_put, -1), (low_call, -1)), short, 8.0),
        Shape(StructureKind.DEBIT_SPREAD, ((low_call, 1), (high_call, -1)), long, 6.0, 30.2),
        Shape(StructureKind.LONG_STRANGLE, ((high_put, 1), (low_call, 1)), long, 8.0, 105.2),
    )


def _universe(freeze: int | None) -> Universe:
    future = replace(FUTURE, freeze_quantity=freeze)
    settings = UniverseSettings(
        indices=("NIFTY",),
        watched=(),
        futures_per_index=1,
        stocks=2,
        traded_value={"RELIANCE": 2.0, "TCS": 1.0},
        least_traded_value=0.0,
        needs_derivatives=False,
        banned=frozenset(),
        most_columns=4,
    )
    base = build_universe((INDEX, future, RELIANCE, TCS), DAY, settings)
    options = [
        Column(place, replace(option, freeze_quantity=freeze), False, None, place, "option")
        for place, option in enumerate(OPTIONS, len(base.columns))
    ]
    return Universe((*base.columns, *options), (), base.blocked)


def setup_of(chance: Random) -> EngineSetup:
    """Return the set-up of a day: what varies between desks varies here."""
    freeze = chance.choice((None, 65, 130, 1_800))
    universe = _universe(freeze)
    items = [column.instrument for column in universe.columns]
    limits = RiskLimits(
        risk_per_trade=D("0.1"),
        heat=D(1),
        margin_share=D(1),
        daily_loss=D(chance.choice(("0.2", "0.2", "0.2", "0.002"))),
        max_lots=chance.choice((1, 2, 5)),
        equity_share_per_position=D("0.01"),
        max_positions=chance.choice((3, 8)),
        max_positions_per_underlying=3,
        max_new_per_underlying=3,
        max_spread=D("0.1"),
        naked_short_live=chance.random() < 0.5,
    )
    exits = ExitRules(trail=chance.random() < 0.5, time_stop=False, volatility=False, mae=False)
    legs = RestlessLegs(far=((0, 40.0),), rule=InTurn(INDEX.key, _shapes(freeze)))
    return EngineSetup(
        run_code="SIM",
        day=DAY,
        opens_at=OPENS,
        closes_at=CLOSES,
        capital=D(10_000_000),
        universe=universe,
        stages=tuple(STAGES if item.is_tradable else None for item in items),
        previous_close=tuple(STAND[item.token] for item in items),
        strategies=(Restless(far=((0, 20.0), (2, 2.0), (3, 4.0))), legs),
        ranking=RankingSettings(max_per_underlying=3),
        limits=limits,
        exits=exits,
        execution=ExecutionSettings(entry_timeout_seconds=chance.choice((5, 30))),
        banned=frozenset(),
        event_windows=(),
        live=True,
    )
