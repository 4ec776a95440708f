"""The windows follow the prices that the engine sees, and keep what it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.option_window import WindowSettings
from marketdata.tape import microseconds
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK
from trading.bootstrap import Outside, setup_of
from trading.chain_desk import ChainDesk, listed_chains
from trading.chain_follower import ChainFollower
from trading.config import Config
from trading.engine.core import Engine
from trading.engine.events import MarketStep

OPENS = datetime(2026, 10, 6, 9, 15, tzinfo=IST)
INDEX = Instrument(1, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
FUTURE = replace(
    INDEX,
    token=2,
    exchange=Exchange.NFO,
    symbol="NIFTY26OCTFUT",
    kind=Kind.FUTURE,
    lot_size=65,
    expiry=date(2026, 10, 27),
)


def calls(expiry: date, shift: int = 0) -> tuple[Instrument, ...]:
    return tuple(
        replace(
            FUTURE,
            token=strike + shift,
            symbol=f"NIFTY{expiry:%y%m%d}{strike}CE",
            kind=Kind.CALL,
            expiry=expiry,
            strike=Decimal(strike),
        )
        for strike in range(24_300, 24_901, 100)
    )


NEAR, NEXT = calls(date(2026, 10, 13)), calls(date(2026, 10, 20), 1_000_000)
HEAD = TapeHead(
    date=OPENS.date(),
    source="made",
    made_by="test",
    instruments=(INDEX, FUTURE, *NEAR, *NEXT),
    previous_close=((1, 24_520.0),),
    session_open=OPENS,
    session_close=OPENS.replace(hour=15, minute=30),
)


class Desk:
    """An engine whose windows are one strike wide on each side, and what they ask for."""

    def __init__(self) -> None:
        self.engine = Engine(setup_of(Config(), HEAD, "T1", banned=frozenset()))
        self.wanted: list[frozenset[int]] = []
        follower = ChainFollower(
            HEAD.instruments, listed_chains(HEAD), WindowSettings(1), self.wanted.append
        )
        self.chain = ChainDesk(self.engine, follower)

    def spot(self, price: float, at: datetime) -> None:
        ticks = np.zeros(1, TICK)
        ticks["token"], ticks["exchange_at"] = INDEX.token, microseconds(at)
        for name in ("last", "open", "high", "low"):
            ticks[name] = price
        self.engine.handle(MarketStep(at, 0, ticks))

    @property
    def strikes(self) -> list[int]:
        """Return the tokens of the near expiry that are wanted now, which are its strikes."""
        return sorted(token for token in self.wanted[-1] if 10 < token < 1_000_000)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_before_any_price_the_windows_lie_around_the_close_before(desk: Desk) -> None:
    assert desk.strikes == [24_400, 24_500, 24_600]
    assert {INDEX.token, FUTURE.token} < desk.wanted[-1]


def test_every_listed_expiry_has_its_window(desk: Desk) -> None:
    assert {1_024_400, 1_024_500, 1_024_600} < desk.wanted[-1]


def test_without_a_price_of_the_day_nothing_moves(desk: Desk) -> None:
    desk.chain.look(OPENS)

    assert len(desk.wanted) == 1


def test_the_windows_move_with_the_index_at_most_once_a_second(desk: Desk) -> None:
    outside = desk.chain.around(Outside(lambda at: (), lambda: None))
    outside.inputs(OPENS)
    desk.spot(24_700.0, OPENS)

    outside.inputs(OPENS + timedelta(milliseconds=999))
    assert desk.strikes == [24_400, 24_500, 24_600]
    outside.inputs(OPENS + timedelta(seconds=1))

    assert desk.strikes == [24_600, 24_700, 24_800]


def test_a_day_without_options_wants_what_it_lists() -> None:
    assert listed_chains(replace(HEAD, instruments=(INDEX, FUTURE))) == ()
