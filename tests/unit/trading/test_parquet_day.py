from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from execution.kitesim.market import Market
from marketdata.bar_grids import SymbolBars
from marketdata.calendar import Calendar
from marketdata.history import HistoryError
from marketdata.instruments import Kind
from marketdata.tape import TapeReader
from tests.made_day import made_day
from trading.parquet_day import parquet_day
from trading.research.bar_files import read_minutes


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_day(tmp_path_factory.mktemp("made")).warmup_path


def minutes_of(folder: Path, symbol: str, day: date) -> SymbolBars:
    return read_minutes(folder / f"{symbol}.parquet", day, Calendar.load())


def test_the_last_day_becomes_a_tape_that_tells_its_bars_again(bars, tmp_path):
    built = parquet_day(bars, None, tmp_path)

    market = Market(TapeReader(built.tape_path))
    while market.step() is not None:
        pass
    share = next(item for item in market.instruments if item.symbol == "RELIANCE")
    head = market.head
    candles = market.candles(share.token, "minute", head.session_open, head.session_close)
    told = minutes_of(bars, "RELIANCE", built.date)
    whole = told.start >= head.session_open.timestamp()
    assert [candle.high for candle in candles] == told.high[whole].tolist()
    assert [candle.close for candle in candles] == told.close[whole].tolist()


def test_every_instrument_can_be_on_the_wire_and_knows_its_close_before(bars, tmp_path):
    head = TapeReader(parquet_day(bars, None, tmp_path).tape_path).head

    kinds = {item.kind: item.token & 0xFF for item in head.instruments}
    assert kinds == {Kind.INDEX: 9, Kind.EQUITY: 1, Kind.FUTURE: 2}
    assert {token for token, _ in head.previous_close} == {item.token for item in head.instruments}


def test_a_day_without_bars_is_told(bars, tmp_path):
    with pytest.raises(HistoryError):
        parquet_day(bars, date(2020, 1, 1), tmp_path)
