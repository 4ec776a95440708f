"""Candidates, and bars of which little is known, for the tests of the ranking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from msgspec.structs import replace

from marketdata.instruments import Exchange, Instrument, Kind
from strategies.base import Frame, Reading
from strategies.opportunities import Candidate, Opportunity
from strategies.ranking import Ranker
from strategies.ranking_settings import RankingSettings
from strategies.signals import Direction, Signal
from strategies.structures import Leg, Structure, StructureKind

AT = datetime(2026, 11, 23, 4, 3, tzinfo=UTC)
LONG, SHORT = Direction.LONG, Direction.SHORT


def share(symbol: str) -> Instrument:
    return Instrument(1, Exchange.NSE, symbol, symbol, Kind.EQUITY, 1, Decimal("0.05"))


def candidate(
    symbol: str = "TCS",
    column: int = 0,
    direction: Direction = LONG,
    strategy: str = "opening_range",
    **changes: object,
) -> Candidate:
    """Return a candidate at 100 with 2 of risk, 4 of reward, a whole book and no costs."""
    signal = Signal(
        strategy=strategy,
        instrument=share(symbol),
        direction=direction,
        at=AT,
        valid_until=AT + timedelta(minutes=10),
        entry=100.0,
        stop=100.0 - 2.0 * direction,
        target1=100.0 + 2.4 * direction,
        target2=100.0 + 4.0 * direction,
        confidence=float(changes.pop("confidence", 0.75)),  # type: ignore[arg-type]
        setup=f"{direction.name}@09:33",
    )
    structure = Structure(
        StructureKind.SHARES,
        (Leg(signal.instrument, direction, 1),),
        direction,
        signal.entry,
        signal.stop,
        signal.target1,
        signal.target2,
        signal,
    )
    plain = Candidate(signal, structure, column, 0.0005, 50.0, 0.0, "", 0.0)
    return replace(plain, **changes)  # type: ignore[arg-type]


def market(rsi: list[float], ratio: list[float] | None = None) -> Frame:
    """Return a frame in which only relative strength, and if given volume, is known."""
    unknown = np.full(len(rsi), np.nan)
    named = {
        "rsi": {"rsi": np.array(rsi, dtype=np.float64)},
        "change": {"rate": unknown},
        "adx": {"adx": unknown, "plus_di": unknown, "minus_di": unknown},
        "fast": {"ema": unknown},
        "slow": {"ema": unknown},
        "supertrend": {"line": unknown, "direction": unknown},
        "volume": {"relative_volume": unknown if ratio is None else np.array(ratio)},
        "variation": {"variation": unknown},
    }
    return Frame(
        *([unknown] * 5),
        minute=np.array(30),
        features={name: Reading(values) for name, values in named.items()},
    )


def ranker(columns: int = 4, **settings: object) -> Ranker:
    return Ranker(RankingSettings(**settings), columns)  # type: ignore[arg-type]


def part(opportunity: Opportunity, feature: str) -> float:
    (found,) = [one for one in opportunity.contributions if one.feature == feature]
    return found.normalised
