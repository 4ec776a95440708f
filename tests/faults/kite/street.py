"""A market of four instruments that wanders by chance of a seed, and a strategy that can't wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, ClassVar

import numpy as np

from execution.market_rules import ExchangeSettings
from execution.price_protection import Range
from marketdata.clock import Clock
from marketdata.features.base import Feature
from marketdata.instruments import Instrument, Kind
from marketdata.tape import Frame
from marketdata.timeframes import Timeframe
from risk.hours import Stages
from strategies.base import Frame as Bars
from strategies.base import Repeat, Strategy
from strategies.signals import Signals
from tests.unit.trading.engine.builders import (
    BASE,
    FUTURE_COLUMN,
    INDEX_COLUMN,
    RELIANCE_COLUMN,
    ROOMY,
    TCS_COLUMN,
    D,
    at,
    setup,
    universe,
)
from tests.unit.trading.engine.desk import tick
from trading.engine.settings import EngineSetup

OPENS, SQUARE_OFF, FLAT_BY, CLOSES = at(9, 15), at(9, 39), at(9, 43), at(9, 45)
FAULTS_UNTIL = at(9, 40)
_STAGES = Stages(at(9, 16), at(9, 37), at(9, 38), SQUARE_OFF, FLAT_BY)
_FAR = {INDEX_COLUMN: 20.0, RELIANCE_COLUMN: 2.0, TCS_COLUMN: 4.0}
INSTRUMENTS = tuple(column.instrument for column in universe().columns)
TRADED = tuple(item for item in INSTRUMENTS if item.is_tradable)


@dataclass(frozen=True, slots=True)
class Eager(Strategy):
    """Speaks of everything at every bar, in a direction that changes with minute and column."""

    name: ClassVar[str] = "eager"
    timeframe: ClassVar[Timeframe] = Timeframe.MINUTE
    repeat: ClassVar[Repeat] = Repeat(once_a_side_a_day=False, gap_minutes=0)
    valid_minutes: ClassVar[int] = 1
    max_positions: ClassVar[int] = 3

    def features(self) -> dict[str, Feature]:
        return {}

    def signals(self, frame: Bars) -> Signals:
        side = np.zeros(len(frame.close), dtype=np.int8)
        far = np.full(len(frame.close), 1.0)
        way = np.ones(len(frame.close))
        for column, distance in _FAR.items():
            way[column] = 1 if (int(frame.minute) // 2 + column) % 2 else -1
            side[column] = way[column] if np.isfinite(frame.close[column]) else 0
            far[column] = distance
        close = frame.close
        near, last = close + way * far, close + 2 * way * far
        return Signals(side, close, close - way * far, near, last, np.full(len(close), 0.5))


def eager_setup() -> EngineSetup:
    """Return a day of half an hour, with all its stages."""
    kinds = [item.kind for item in INSTRUMENTS]
    return setup(
        strategies=(Eager(),),
        limits=ROOMY,
        opens_at=OPENS,
        closes_at=CLOSES,
        stages=tuple(None if kind is Kind.INDEX else _STAGES for kind in kinds),
        live=True,
    )


class Street:
    """Prices that wander: what a tick a second tells, and what the books ask of the market."""

    settings = ExchangeSettings()

    def __init__(self, clock: Clock, chance: Random) -> None:
        self._clock, self._chance = clock, chance
        self._last: dict[int, Decimal] = {}
        self._offset = 0.0

    @property
    def now(self) -> datetime:
        """Return the moment it is."""
        return self._clock.now()

    def find(self, exchange: str, symbol: str) -> Instrument | None:
        """Return an instrument of the four."""
        key = f"{exchange}:{symbol}"
        return next((item for item in INSTRUMENTS if item.key == key), None)

    def last(self, instrument: Instrument) -> Decimal | None:
        """Return the last price told."""
        return self._last.get(instrument.token)

    def previous_close(self, instrument: Instrument) -> Decimal | None:
        """Return where the market stood before anything happened."""
        return Decimal(str(BASE[INSTRUMENTS.index(instrument)]))

    def circuit(self, instrument: Instrument) -> Range | None:
        """Return a fifth to both sides."""
        base = Decimal(str(BASE[INSTRUMENTS.index(instrument)]))
        return base * Decimal("0.8"), base * Decimal("1.2")

    def frames(self) -> Iterator[Frame]:
        """Yield a frame a second to the close."""
        for index in range(int((CLOSES - OPENS).total_seconds()) - 1):
            moment = OPENS + timedelta(seconds=index + 1)
            self._wander()
            rows = [self._row(column, moment, index) for column in BASE]
            yield Frame(index, moment, np.concatenate(rows))

    def _wander(self) -> None:
        step = self._chance.gauss(0, 2.0)
        if self._chance.random() < 0.004:
            step += self._chance.choice((-30, 30))
        self._offset = max(-300.0, min(300.0, self._offset + step))

    def _row(self, column: int, moment: datetime, index: int) -> Any:
        item, base = INSTRUMENTS[column], float(BASE[column])
        scale = {RELIANCE_COLUMN: 0.1, TCS_COLUMN: 0.2}.get(column, 1.0)
        price = round(base + self._offset * scale, 1)
        depth = self._chance.choice((65, 130, 500, 10_000, 10_000)) if item.is_tradable else 0
        spread = 0.1 if column != FUTURE_COLUMN else 0.5
        self._last[item.token] = D(str(price))
        return tick(
            item.token,
            price,
            moment,
            bid=round(price - spread, 1),
            ask=round(price + spread, 1),
            bid_quantity=depth,
            ask_quantity=depth,
            volume=1_000_000 + 100 * index,
        )
