"""A small market and the set-up of an engine in it, with what a test does not care about filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np

from marketdata.features.base import Feature
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.timeframes import Timeframe
from marketdata.universe import Universe, UniverseSettings, build_universe
from risk.exits import ExitRules
from risk.hours import Stages
from risk.limits import RiskLimits
from strategies.base import Frame, Repeat, Strategy
from strategies.ranking_settings import RankingSettings
from strategies.signals import Signals
from trading.engine.settings import EngineSetup, ExecutionSettings

IST = ZoneInfo("Asia/Kolkata")
TODAY = date(2026, 10, 6)
D = Decimal


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(TODAY.year, TODAY.month, TODAY.day, hour, minute, second, tzinfo=IST)


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
    freeze_quantity=1800,
)
RELIANCE = Instrument(3, Exchange.NSE, "RELIANCE", "RELIANCE", Kind.EQUITY, 1, D("0.1"))
TCS = Instrument(4, Exchange.NSE, "TCS", "TCS", Kind.EQUITY, 1, D("0.1"))
INDEX_COLUMN, FUTURE_COLUMN, RELIANCE_COLUMN, TCS_COLUMN = range(4)
BASE = {
    INDEX_COLUMN: 24_000.0,
    FUTURE_COLUMN: 24_000.0,
    RELIANCE_COLUMN: 1_000.0,
    TCS_COLUMN: 2_000,
}
"""Prices at which the market stands before anything happens."""

SEGMENT_STAGES = {
    Kind.FUTURE: Stages(at(9, 20), at(15, 15), at(15, 20), at(15, 22), at(15, 25)),
    Kind.EQUITY: Stages(at(9, 20), at(15, 0), at(15, 8), at(15, 10), at(15, 15)),
}
STOPS_AND_TARGETS = ExitRules(trail=False, time_stop=False, volatility=False, mae=False)
ROOMY = RiskLimits(
    risk_per_trade=D("0.1"),
    heat=D(1),
    margin_share=D(1),
    daily_loss=D("0.2"),
    gap_share=D(0),
    max_lots=2,
    equity_share_per_position=D("0.01"),
)
"""Two lots of the future, or shares for one hundredth of the equity."""


def universe(freeze: int | None = 1800) -> Universe:
    future = Instrument(
        **{name: getattr(FUTURE, name) for name in FUTURE.__slots__} | {"freeze_quantity": freeze}
    )
    return build_universe(
        (INDEX, future, RELIANCE, TCS),
        TODAY,
        UniverseSettings(
            indices=("NIFTY",),
            watched=(),
            futures_per_index=1,
            stocks=2,
            traded_value={"RELIANCE": 2.0, "TCS": 1.0},
            least_traded_value=0.0,
            needs_derivatives=False,
            banned=frozenset(),
            most_columns=4,
        ),
    )


@dataclass(frozen=True, slots=True)
class Say:
    """An opinion on a column: its direction and how far stop and targets lie from the price."""

    side: int = 1
    stop: float = 50.0
    target1: float = 50.0
    target2: float = 100.0
    entry: float = 24_000.0


LONG, SHORT = Say(1), Say(-1)
ON_SHARE = Say(entry=1_000.0, stop=10.0, target1=10.0, target2=20.0)


@dataclass(frozen=True, slots=True)
class Scripted(Strategy):
    """Says what it was told to say, by the minute of the bar and the column."""

    name: ClassVar[str] = "scripted"
    timeframe: ClassVar[Timeframe] = Timeframe.MINUTE
    repeat: ClassVar[Repeat] = Repeat(once_a_side_a_day=False, gap_minutes=0)
    valid_minutes: ClassVar[int] = 3
    max_positions: ClassVar[int] = 3

    says: Mapping[int, Mapping[int, Say]] = field(default_factory=dict)

    def features(self) -> dict[str, Feature]:
        return {}

    def signals(self, frame: Frame) -> Signals:
        size = len(frame.close)
        side = np.zeros(size, dtype=np.int8)
        entry, stop, target1, target2 = (np.full(size, np.nan) for _ in range(4))
        for column, say in self.says.get(int(frame.minute), {}).items():
            side[column] = say.side
            entry[column] = say.entry
            stop[column] = say.entry - say.side * say.stop
            target1[column] = say.entry + say.side * say.target1
            target2[column] = say.entry + say.side * say.target2
        return Signals(side, entry, stop, target1, target2, np.full(size, 0.5))


class Second(Scripted):
    """Another scripted strategy, so that two can speak at once."""

    __slots__ = ()
    name: ClassVar[str] = "second"


def saying(minute: int, *columns: int, **levels: Any) -> tuple[Strategy, ...]:
    """Return the strategy that speaks of `columns` on the bar that closes at 9:15 + minute + 1."""
    told = {column: Say(**({"entry": float(BASE[column])} | levels)) for column in columns}
    return (Scripted({minute: told}),)


def setup(**overrides: Any) -> EngineSetup:
    """Return a set-up; `freeze`, `execution`, `limits`, `exits` and all else can be told."""
    columns = universe(overrides.pop("freeze", 1800))
    values: dict[str, Any] = {
        "run_code": "T1",
        "day": TODAY,
        "opens_at": at(9, 15),
        "closes_at": at(15, 30),
        "capital": D(10_000_000),
        "universe": columns,
        "stages": tuple(SEGMENT_STAGES.get(c.instrument.kind) for c in columns.columns),
        "previous_close": tuple(float(BASE[place]) for place in range(4)),
        "strategies": saying(14, INDEX_COLUMN),
        "ranking": RankingSettings(),
        "limits": ROOMY,
        "exits": STOPS_AND_TARGETS,
        "execution": ExecutionSettings(with_charges=False),
        "banned": frozenset(),
        "event_windows": (),
        "live": False,
    }
    return EngineSetup(**values | overrides)
