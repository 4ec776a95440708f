"""What a tape's head makes of an engine's columns, its screen and what it is told first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from marketdata.calendar import IST
from marketdata.history import bars_path, bars_table
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.price_bands import PriceBands
from marketdata.tape import microseconds
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK, Ticks
from marketdata.timeframes import Timeframe
from tests.unit.trading.engine.builders import Scripted
from trading.bootstrap import (
    Outside,
    history_of,
    history_on,
    screen_of,
    setup_of,
    undisturbed,
    universe_of,
    with_bands,
)
from trading.config import Config
from trading.engine.events import BandsTold, ConditionChanged
from trading.engine.scan import timeframes

DAY = date(2026, 10, 6)
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
SHARE = replace(INDEX, token=3, symbol="INFY", name="INFY", kind=Kind.EQUITY)
OPTIONS = tuple(
    replace(
        FUTURE,
        token=strike,
        symbol=f"NIFTY26O13{strike}CE",
        kind=Kind.CALL,
        expiry=date(2026, 10, 13),
        strike=Decimal(strike),
    )
    for strike in (24_800, 24_600, 24_500)
)
HEAD = TapeHead(
    date=DAY,
    source="made",
    made_by="test",
    instruments=(INDEX, *OPTIONS, FUTURE, SHARE),
    previous_close=((1, 24_520.0), (3, 1_500.0), (24_500, 110.0)),
    session_open=OPENS,
    session_close=OPENS.replace(hour=15, minute=30),
)


class OnFiveSeconds(Scripted):
    """A strategy on bars of which no history is kept."""

    __slots__ = ()
    timeframe = Timeframe.SECONDS_5


BANDS = PriceBands(DAY, "kite", OPENS, {"NSE:INFY": (Decimal(1_350), Decimal(1_650))})


def ticks(*tokens: int) -> Ticks:
    rows = np.zeros(len(tokens), TICK)
    rows["token"], rows["exchange_at"] = tokens, microseconds(OPENS)
    for name in ("last", "open", "high", "low"):
        rows[name] = 100.0
    rows["bid"] = rows["ask"] = np.nan
    return rows


def symbols(head: TapeHead, most_options: int) -> list[str]:
    return list(universe_of(head, frozenset(), most_options).names)


def test_the_options_of_a_tape_stand_behind_its_other_instruments() -> None:
    assert symbols(HEAD, 10) == [
        "NIFTY 50",
        "NIFTY26OCTFUT",
        "INFY",
        "NIFTY26O1324500CE",
        "NIFTY26O1324600CE",
        "NIFTY26O1324800CE",
    ]


def test_the_cap_keeps_those_nearest_to_the_close_before() -> None:
    assert symbols(HEAD, 2)[3:] == ["NIFTY26O1324500CE", "NIFTY26O1324600CE"]


def test_a_tape_without_options_has_the_columns_it_always_had() -> None:
    bare = replace(HEAD, instruments=(INDEX, FUTURE, SHARE))

    assert universe_of(bare, frozenset(), 600) == universe_of(bare, frozenset(), 0)
    assert symbols(bare, 600) == ["NIFTY 50", "NIFTY26OCTFUT", "INFY"]


def test_an_option_has_the_hours_and_the_close_before_of_its_own() -> None:
    setup = setup_of(Config(), HEAD, "T1", banned=frozenset())

    column = setup.universe.column_of("NFO:NIFTY26O1324500CE")
    assert setup.stages[column] == setup.stages[setup.universe.column_of(FUTURE.key)]
    assert setup.previous_close[column] == 110.0


def test_each_column_ends_with_its_own_hours_of_the_day() -> None:
    def closes(day: date) -> list[str]:
        opens_at = OPENS.replace(month=day.month, day=day.day)
        head = replace(HEAD, date=day, instruments=(INDEX, FUTURE, SHARE), session_open=opens_at)
        made = setup_of(Config(), head, "T1", banned=frozenset())
        return [f"{close.astimezone(IST):%d %H:%M}" for close in made.closes]

    assert closes(date(2026, 7, 31)) == ["31 15:30", "31 15:30", "31 15:30"]
    assert closes(DAY) == ["06 15:30", "06 15:40", "06 15:15"]


def test_the_bars_before_are_read_for_the_columns_with_features_only(tmp_path: Path) -> None:
    setup = setup_of(Config(), HEAD, "T1", banned=frozenset())

    assert history_of(setup, tmp_path) == {}
    assert setup.universe.studied == 3


def write_minutes(folder: Path, symbol: str, minutes: int, volume: float = 1_500.0) -> None:
    """Write a flat morning of the day before."""
    start = int(OPENS.timestamp()) - 86_400 + 60 * np.arange(minutes)
    flat = np.full(minutes, 1_500.0)
    bars = {"start": start, "open": flat, "high": flat, "low": flat, "close": flat}
    told = {**bars, "volume": np.full(minutes, volume), "oi": flat}
    table = bars_table(told, np.zeros(minutes, dtype=np.bool_))
    pq.write_table(table, bars_path(folder, symbol))


def test_bars_shorter_than_a_minute_have_no_history_and_stop_no_day(tmp_path: Path) -> None:
    setup = setup_of(Config(), HEAD, "T1", banned=frozenset())
    quick = replace(setup, strategies=(*setup.strategies, OnFiveSeconds()))
    write_minutes(tmp_path, "INFY", 30)

    found = history_of(quick, tmp_path)

    assert Timeframe.SECONDS_5 in timeframes(quick)
    assert set(found) == set(timeframes(quick)) - {Timeframe.SECONDS_5}
    assert (~found[Timeframe.MINUTE].gap).any(axis=1).sum() == 30


def test_an_index_is_warmed_with_the_volume_of_its_future_as_it_has_on_the_day(tmp_path: Path):
    setup = setup_of(Config(), HEAD, "T1", banned=frozenset())
    write_minutes(tmp_path, "NIFTY", 30, volume=0)
    write_minutes(tmp_path, FUTURE.symbol, 30, volume=75)

    warm = history_of(setup, tmp_path)[Timeframe.MINUTE]

    at = [setup.universe.column_of(item.key) for item in (INDEX, FUTURE, SHARE)]
    assert warm.volume[:30, at].tolist() == [[75.0, 75.0, 0.0]] * 30


def test_the_ten_minutes_that_end_a_session_are_no_bar_of_fifteen(tmp_path: Path) -> None:
    setup = setup_of(Config(), HEAD, "T1", banned=frozenset())
    write_minutes(tmp_path, FUTURE.symbol, 385)

    found = history_on((Timeframe.MINUTES_5, Timeframe.MINUTES_15), setup, tmp_path)

    lasts = {
        timeframe: f"{datetime.fromtimestamp(int(grid.start[-1]), IST):%H:%M}"
        for timeframe, grid in found.items()
    }
    assert lasts == {Timeframe.MINUTES_5: "15:35", Timeframe.MINUTES_15: "15:15"}


def test_ticks_of_options_beyond_the_cap_are_no_fault() -> None:
    config = Config(most_option_columns=1)
    setup = setup_of(config, HEAD, "T1", banned=frozenset())

    kept, faults = screen_of(setup, config, HEAD).screen(
        ticks(2, 24_500, 24_800), microseconds(OPENS)
    )

    assert kept["token"].tolist() == [2, 24_500]
    assert faults.told() == ()


def test_the_volume_of_the_day_before_is_not_believed_of_the_day() -> None:
    setup = setup_of(Config(), HEAD, "R1", banned=frozenset())
    screen = screen_of(setup, Config(), HEAD)
    at, told = microseconds(OPENS), ticks(3)
    told["last"] = told["open"] = told["high"] = told["low"] = 1_500.0
    told["exchange_at"], told["volume"] = at - 1, 9_000_000
    screen.screen(told, at - 1)
    told["exchange_at"], told["volume"] = at, 75

    kept, _ = screen.screen(told, at)

    assert kept["volume"].tolist() == [75]


def test_a_token_that_no_tape_lists_is_still_a_fault() -> None:
    setup = setup_of(Config(), HEAD, "T1", banned=frozenset())

    _, faults = screen_of(setup, Config(), HEAD).screen(ticks(99), microseconds(OPENS))

    assert [(fault.token, fault.reason) for fault in faults.told()] == [(99, "unknown-token")]


def test_the_bands_of_a_recorded_day_are_told_first_and_once() -> None:
    bad = ConditionChanged(OPENS, "data", good=False)
    outside = with_bands(Outside(lambda at: [bad], lambda: None), BANDS)

    first, later = outside.inputs(OPENS), outside.inputs(OPENS)

    told = (("NSE:INFY", Decimal(1_350), Decimal(1_650)),)
    assert first == [BandsTold(OPENS, "kite", OPENS, told), bad]
    assert later == [bad]


def test_a_day_without_bands_is_told_none() -> None:
    outside = undisturbed()

    assert with_bands(outside, None) is outside
