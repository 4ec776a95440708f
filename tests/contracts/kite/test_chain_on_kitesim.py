"""A desk on a kitesim's socket hears the options around the money while the index moves away."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.kite.raw_tape_reader import RawTapeReader
from marketdata.option_window import WindowSettings
from marketdata.tape import TapeReader, microseconds, write_tape
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK, Ticks
from tests.contracts.kite.lockstep import LockstepDay, told_of
from trading.bootstrap import screen_of
from trading.bootstrap_kite import KiteDay, KiteDesk, kite_paper_desk
from trading.config import Config
from trading.engine.core import Engine

DAY, EXPIRY = date(2026, 10, 6), date(2026, 10, 13)
OPENS = datetime(2026, 10, 6, 9, 15, tzinfo=IST)
FRAMES = 40
STRIKES = range(24_300, 24_801, 50)
_NFO = 2
"""What the last byte of a token of that segment is."""
INDEX = Instrument(256_265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
FUTURE = replace(
    INDEX,
    token=20_000 * 256 + _NFO,
    exchange=Exchange.NFO,
    symbol="NIFTY26OCTFUT",
    kind=Kind.FUTURE,
    lot_size=65,
    expiry=date(2026, 10, 27),
)


def option(strike: int, kind: Kind) -> Instrument:
    return replace(
        FUTURE,
        token=(strike * 2 + (kind is Kind.PUT)) * 256 + _NFO,
        symbol=f"NIFTY26O13{strike}{kind}",
        kind=kind,
        expiry=EXPIRY,
        strike=Decimal(strike),
    )


OPTIONS = tuple(option(strike, kind) for strike in STRIKES for kind in (Kind.CALL, Kind.PUT))


def premium(frame: int) -> float:
    """Return what every option costs in a frame, so that a price tells when it was heard."""
    return 100.0 + frame


def frames() -> Iterator[tuple[int, Ticks]]:
    """Yield a frame every five seconds: the index stands at 24,500, then moves to 24,700."""
    for number in range(FRAMES):
        at = microseconds(OPENS + timedelta(seconds=5 * (number + 1)))
        spot = 24_500.0 if number < FRAMES // 2 else 24_700.0
        prices = {INDEX.token: spot, FUTURE.token: spot}
        prices |= dict.fromkeys((item.token for item in OPTIONS), premium(number))
        ticks = np.zeros(len(prices), TICK)
        ticks["token"], ticks["exchange_at"] = list(prices), at
        for name in ("last", "open", "high", "low"):
            ticks[name] = list(prices.values())
        ticks["bid"], ticks["ask"] = ticks["last"] - 0.05, ticks["last"] + 0.05
        ticks["bid_quantity"] = ticks["ask_quantity"] = 650
        ticks["volume"] = 65 * (number + 1)
        yield at, ticks


@pytest.fixture
def tape(tmp_path: Path) -> TapeReader:
    head = TapeHead(
        date=DAY,
        source="made",
        made_by="test",
        instruments=(INDEX, FUTURE, *OPTIONS),
        previous_close=((INDEX.token, 24_490.0), (FUTURE.token, 24_490.0)),
        session_open=OPENS,
        session_close=datetime(2026, 10, 6, 15, 30, tzinfo=IST),
    )
    return TapeReader(write_tape(tmp_path / "chain.tape", head, frames()))


@dataclass(slots=True)
class ChainDay(LockstepDay):
    """A day on which one strike on each side of the money is told."""

    desk: KiteDesk | None = None

    async def lived(self) -> Engine:
        def build(day: KiteDay, *rest: object) -> KiteDesk:
            watch = replace(day.config.live_universe, window=WindowSettings(each_side=1))
            narrow = replace(day, config=replace(day.config, live_universe=watch))
            self.desk = kite_paper_desk(narrow, *rest)  # type: ignore[arg-type]
            return self.desk

        return await self._trade(build)


def heard_of(engine: Engine, strike: int) -> float:
    column = engine.setup.universe.column_of(option(strike, Kind.CALL).key)
    return float(engine.panel.last[column])


async def test_the_options_around_the_money_are_told_wherever_it_goes(
    tape: TapeReader, tmp_path: Path
) -> None:
    engine = await ChainDay(tape, None, tmp_path).lived()

    assert math.isnan(heard_of(engine, 24_400))
    assert premium(0) < heard_of(engine, 24_450) <= premium(FRAMES // 2 + 1)
    assert heard_of(engine, 24_450) == heard_of(engine, 24_500)
    assert [heard_of(engine, strike) for strike in (24_650, 24_700, 24_750)] == [
        premium(FRAMES - 1)
    ] * 3
    assert math.isnan(heard_of(engine, 24_800))


async def test_an_option_that_is_no_column_is_heard_by_the_tape_and_by_nobody_else(
    tape: TapeReader, tmp_path: Path
) -> None:
    config = Config(most_option_columns=6)
    day = ChainDay(tape, None, tmp_path, config)

    engine = await day.lived()

    options = engine.setup.universe.columns[engine.setup.universe.studied :]
    assert {column.instrument.strike for column in options} == {24_450, 24_500, 24_550}
    assert told_of(day.journal, ("DataFault",)) == []
    raw = RawTapeReader(tmp_path / "live.tape")
    heard = {int(token) for frame in raw.frames() for token in frame.ticks["token"]}
    assert option(24_700, Kind.CALL).token in heard
    screen = screen_of(engine.setup, config, raw.head)
    again = [screen.screen(frame.ticks, microseconds(frame.at)) for frame in raw.frames()]
    assert not any(faults.told() for _, faults in again)
