from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.panel import Panel
from marketdata.quality import ScreenSettings, TickScreen
from marketdata.tape import Frame, TapeReader, microseconds
from marketdata.ticks import TICK
from marketdata.timeframes import Timeframe
from risk.limits import RiskLimits
from tests.made_day import made_day
from trading.broadcast_facts import DeskFacts
from trading.broadcast_market import Market, watched

OPEN = datetime(2026, 10, 6, 9, 15, tzinfo=IST)
SHARE = Instrument(7, Exchange.NSE, "SBIN", "SBIN", Kind.EQUITY, 1, Decimal("0.05"))


def facts(instruments: tuple[Instrument, ...], previous_close: dict[int, float]) -> DeskFacts:
    return DeskFacts(
        account="paper",
        run="R1",
        date=date(2026, 10, 6),
        mode="PAPER",
        source="made",
        state="RUNNING",
        capital=Decimal(1_000_000),
        limits=RiskLimits(),
        screen=ScreenSettings(),
        instruments=instruments,
        previous_close=previous_close,
        opens_at_s=int(OPEN.timestamp()),
    )


def frame(number: int, second: int, last: float, volume: int) -> Frame:
    at = OPEN.timestamp() + second
    tick = np.zeros(1, TICK)
    tick["token"], tick["exchange_at"] = SHARE.token, int(at * 1_000_000)
    for name in ("last", "open", "high", "low"):
        tick[name] = last
    tick["bid"] = tick["ask"] = np.nan
    tick["volume"] = volume
    return Frame(number, datetime.fromtimestamp(at, IST), tick)


@pytest.fixture
def market() -> Market:
    return Market(facts((SHARE,), {SHARE.token: 400.0}))


def test_the_forming_bar_moves_with_each_tick(market):
    start = OPEN.timestamp()
    market.take(frame(0, 1, 401.0, 100))
    market.take(frame(1, 20, 405.0, 150))
    market.take(frame(2, 59, 403.0, 170))

    assert market.bars("NSE:SBIN") == [[start, 401.0, 405.0, 401.0, 403.0, 170.0]]

    market.take(frame(3, 61, 404.0, 180))
    assert market.bars_from("NSE:SBIN", start + 60) == [
        [start + 60, 404.0, 404.0, 404.0, 404.0, 10.0]
    ]


def test_the_volume_told_before_the_open_is_in_no_bar(market):
    market.take(frame(0, -600, 400.0, 9_000_000))
    market.take(frame(1, 1, 401.0, 100))

    assert market.bars("NSE:SBIN") == [[OPEN.timestamp(), *[401.0] * 4, 100.0]]


def test_a_price_that_the_screen_refuses_is_not_shown(market):
    market.take(frame(0, 1, 401.0, 100))
    market.take(frame(1, 2, 4.01, 110))

    assert market.last("NSE:SBIN") == 401.0


def test_the_change_is_measured_from_the_close_before(market):
    market.take(frame(0, 1, 402.0, 100))

    assert market.watch(()) == [{"instrument": "NSE:SBIN", "last": 402.0, "change_pct": 0.5}]


def test_before_the_first_tick_nothing_is_watched(market):
    assert (market.watch(()), market.last("NSE:SBIN"), market.bars("NSE:SBIN")) == ([], None, [])


def test_an_option_is_told_of_only_while_it_is_held():
    call = Instrument(
        SHARE.token,
        Exchange.NFO,
        "NIFTY26O0624500CE",
        "NIFTY",
        Kind.CALL,
        65,
        Decimal("0.05"),
        expiry=date(2026, 10, 6),
        strike=Decimal(24_500),
    )
    market = Market(facts((call,), {}))
    market.take(frame(0, 1, 120.0, 650))

    assert (market.watch(()), market.days(())) == ([], {})
    assert [row["instrument"] for row in market.watch({call.key})] == [call.key]
    assert market.days({call.key}) == {call.key: market.bars(call.key)}
    assert market.last(call.key) == 120.0
    assert market.newest_bar == OPEN.timestamp()


def test_bars_are_those_that_the_engine_s_panel_makes(tmp_path: Path):
    tape = TapeReader(made_day(tmp_path).tape_path)
    head = tape.head
    known = facts(head.instruments, dict(head.previous_close))
    market = Market(known)
    tokens = np.array([item.token for item in head.instruments], dtype=np.int64)
    panel = Panel(tokens, [Timeframe.MINUTE], known.opens_at_s, 0, None, None)
    screen, rows = TickScreen(watched(known), known.screen), []

    for each in tape.frames():
        market.take(each)
        rows += panel.close_bars(int(each.at.timestamp()))
        ticks, _ = screen.screen(each.ticks, microseconds(each.at))
        panel.apply(ticks)

    for column, item in enumerate(head.instruments):
        wanted = [
            [row.start, *(float(getattr(row, name)[column]) for name in _FIELDS)]
            for row in rows
            if not row.gap[column]
        ]
        assert len(wanted) > 300
        assert [bar for bar in market.bars(item.key) if bar[0] <= rows[-1].start] == wanted


_FIELDS = ("open", "high", "low", "close", "volume")
