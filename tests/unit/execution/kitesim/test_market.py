from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow.parquet as pq
import pytest

from execution.kitesim.candles import Candle
from execution.kitesim.market import History, Market
from marketdata.calendar import IST, Calendar
from marketdata.history import bars_table
from marketdata.instrument_dump import DumpRules, parse_dump
from tests.unit.execution.kitesim.days import ALL, DAY, FUTURE, INDEX, OPEN, SHARE, day, tick


def test_a_market_stands_at_the_open_until_the_first_frame():
    market = Market(day((tick(SHARE, 1500.0),)))

    assert market.now == OPEN
    assert market.last(SHARE) is None
    assert market.previous_close(SHARE) == Decimal(1500)


def test_a_step_takes_one_frame_and_tells_which_rows_it_touched():
    market = Market(day((tick(SHARE, 1500.0),), (tick(FUTURE, 24_500.0), tick(SHARE, 1501.0))))

    assert market.step().index == 0
    assert market.touched.tolist() == [1]
    assert market.step().index == 1
    assert (market.touched.tolist(), market.now) == ([2, 1], OPEN + timedelta(seconds=1))
    assert market.last(SHARE) == Decimal(1501)


def test_looking_ahead_takes_nothing():
    market = Market(day((tick(SHARE, 1500.0),)))

    assert market.peek() is market.peek()
    assert market.last(SHARE) is None
    assert market.step().index == 0
    assert not market.has_ended
    assert market.step() is market.peek() is None
    assert market.has_ended


def test_instruments_are_found_by_name_and_by_token():
    market = Market(day())

    assert market.find("NFO", "NIFTY26OCTFUT") is FUTURE
    assert market.find("NSE", "NIFTY26OCTFUT") is None
    assert market.by_token(256265) is INDEX
    assert market.by_token(1) is None


def minutes_of(*told):
    """Return a market whose frames stand 20 s apart, played to its end."""
    market = Market(day(*((row,) for row in told), seconds=20))
    while market.step():
        pass
    return market


def test_minutes_are_made_of_the_frames_so_far():
    market = minutes_of(
        tick(SHARE, 1500.0, volume=10),
        tick(SHARE, 1504.0, volume=15, high=1505.0, low=1499.0),
        tick(SHARE, 1502.0, volume=30),
        tick(FUTURE, 24_500.0),
        tick(SHARE, 1503.0, volume=31, oi=4),
    )

    assert market.candles(SHARE.token, "minute", OPEN, market.now) == (
        Candle(OPEN, 1500.0, 1505.0, 1499.0, 1502.0, 30, 0),
        Candle(OPEN + timedelta(minutes=1), 1503.0, 1503.0, 1503.0, 1503.0, 1, 4),
    )


def test_longer_candles_are_counted_from_the_open():
    market = minutes_of(*(tick(SHARE, 1500.0 + n, volume=n) for n in range(20)))

    three = market.candles(SHARE.token, "3minute", OPEN, market.now)

    assert [candle.at.minute for candle in three] == [15, 18, 21]
    assert [candle.close for candle in three] == [1508.0, 1517.0, 1519.0]
    assert sum(candle.volume for candle in three) == 19
    (whole,) = market.candles(SHARE.token, "day", OPEN - timedelta(hours=10), market.now)
    assert (whole.at, whole.open, whole.high) == (OPEN.replace(hour=0, minute=0), 1500.0, 1519.0)


def test_only_candles_that_begin_in_the_span_are_told():
    market = minutes_of(*(tick(SHARE, 1500.0) for _ in range(20)))
    second = OPEN + timedelta(minutes=1)

    assert [candle.at for candle in market.candles(SHARE.token, "minute", second, second)] == [
        second
    ]


def test_an_interval_kite_does_not_have_is_an_error():
    with pytest.raises(ValueError, match="interval: '2minute', expected one of minute"):
        Market(day()).candles(SHARE.token, "2minute", OPEN, OPEN)


def test_sessions_before_the_day_come_from_the_history(tmp_path):
    start = datetime(2026, 10, 5, 9, 15, tzinfo=IST)
    columns = {name: np.full(4, 1490.0) for name in ("open", "high", "low", "close")}
    seconds = int(start.timestamp()) + 60 * np.arange(4)
    table = bars_table(
        {**columns, "start": seconds, "volume": np.arange(4), "oi": np.zeros(4)}, np.ones(4, bool)
    )
    pq.write_table(table, tmp_path / "INFY.parquet")
    market = Market(day((tick(SHARE, 1500.0),)), History(tmp_path, Calendar.load()))
    market.step()

    candles = market.candles(SHARE.token, "minute", start + timedelta(minutes=2), OPEN)

    assert [(candle.at.day, candle.close, candle.volume) for candle in candles] == [
        *((5, 1490.0, 2), (5, 1490.0, 3), (6, 1500.0, 0))
    ]
    assert market.candles(FUTURE.token, "minute", start, OPEN) == ()
    assert len(market.candles(SHARE.token, "day", start.replace(hour=0, minute=0), OPEN)) == 1 + 1


def test_the_instrument_file_is_read_back_as_the_same_instruments(tmp_path):
    path = tmp_path / "instruments.csv"
    path.write_bytes(Market(day()).instruments_csv())

    found = parse_dump(path, DumpRules(DAY, 4, frozenset({"NIFTY"})))

    assert [(item.token, item.key, item.name, item.kind) for item in found.instruments] == [
        (item.token, item.key, item.name, item.kind) for item in ALL
    ]
    assert [
        (item.lot_size, item.tick_size, item.expiry, item.strike) for item in found.instruments
    ] == [(item.lot_size, item.tick_size, item.expiry, item.strike) for item in ALL]


def test_the_instrument_file_of_one_exchange_holds_no_other():
    lines = Market(day()).instruments_csv("NFO").decode().splitlines()

    assert lines[1:] == [
        "14866434,58072,NIFTY26OCTFUT,NIFTY,0,2026-10-27,0,0.1,65,FUT,NFO-FUT,NFO",
        "14866690,58073,NIFTY26OCT24500CE,NIFTY,0,2026-10-27,24500,0.05,65,CE,NFO-OPT,NFO",
    ]
    assert Market(day()).instruments_csv("BSE").decode().count("\n") == 1


def test_a_day_before_the_history_has_no_candles(tmp_path):
    history = History(tmp_path, Calendar.load())

    assert list(history.candles(SHARE, date(2026, 10, 5), date(2026, 10, 4))) == []
