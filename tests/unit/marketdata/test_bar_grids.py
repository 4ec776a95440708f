"""Bars of several symbols on one axis: gaps, days without data, longer bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.bar_grids import (
    GridError,
    GridSpan,
    SymbolBars,
    bar_grid,
    closes_of,
    resample,
    until_close,
    whole_bars,
)
from marketdata.bars import BarGrid
from marketdata.calendar import IST, Calendar, Hours
from marketdata.instruments import Segment
from marketdata.timeframes import Timeframe

CASH = Hours(Calendar.load(), Segment.CASH, has_derivatives=False, is_index=False)
MONDAY = date(2026, 11, 23)
WEDNESDAY = date(2026, 11, 25)
SPAN = GridSpan(CASH, Timeframe.MINUTE, MONDAY, MONDAY)


def second(day: date, hour: int, minute: int) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=IST).timestamp())


def bars(symbol: str, rows: Mapping[int, tuple[float, float, float, float, float]]) -> SymbolBars:
    """Build bars from `start: (open, high, low, close, volume)`; oi is the close."""
    values = np.array(list(rows.values()), dtype=np.float64).reshape(-1, 5).T
    return SymbolBars(
        symbol, np.array(list(rows), dtype=np.int64), *values, oi=values[3], dropped={}
    )


def walk(symbol: str, first: int, closes: list[float], step: int = 60) -> SymbolBars:
    return bars(
        symbol,
        {first + step * i: (c, c + 1, c - 1, c + 0.5, 10.0) for i, c in enumerate(closes)},
    )


def grid_of(*symbols: SymbolBars, span: GridSpan = SPAN) -> BarGrid:
    return bar_grid({item.symbol: item for item in symbols}, span)


def test_the_axis_is_the_sessions_minutes() -> None:
    grid = grid_of(walk("A", second(MONDAY, 9, 15), [100.0, 101.0]))

    assert len(grid) == 375
    assert grid.start[0] == second(MONDAY, 9, 15)
    assert grid.start[-1] == second(MONDAY, 15, 29)
    assert list(grid.minute[:3]) == [0, 1, 2]
    assert set(grid.session) == {MONDAY.toordinal()}
    assert grid.timeframe is Timeframe.MINUTE


def test_columns_stand_in_the_given_order() -> None:
    grid = grid_of(
        walk("Z", second(MONDAY, 9, 15), [1.0, 2.0]), walk("A", second(MONDAY, 9, 15), [5.0, 6.0])
    )

    assert list(grid.open[0]) == [1.0, 5.0]
    assert list(grid.close[1]) == [2.5, 6.5]


def test_a_missing_minute_repeats_the_last_price_with_no_volume() -> None:
    start = second(MONDAY, 9, 15)
    grid = grid_of(bars("A", {start: (100, 102, 99, 101, 7), start + 120: (103, 104, 102, 103, 9)}))

    assert list(grid.gap[:4, 0]) == [False, True, False, True]
    for name in ("open", "high", "low", "close"):
        assert getattr(grid, name)[1, 0] == 101
    assert list(grid.volume[:4, 0]) == [7, 0, 9, 0]
    assert list(grid.oi[:4, 0]) == [101, 101, 103, 103]


def test_before_the_first_bar_of_each_day_there_is_no_price() -> None:
    span = replace(SPAN, last=WEDNESDAY)
    grid = grid_of(
        bars(
            "A",
            {
                second(MONDAY, 9, 16): (1, 1, 1, 1, 1),
                second(WEDNESDAY, 9, 17): (2, 2, 2, 2, 1),
                second(WEDNESDAY, 9, 18): (2, 2, 2, 2, 1),
            },
        ),
        span=span,
    )

    assert len(grid) == 750
    assert np.isnan(grid.close[0, 0])
    assert grid.close[374, 0] == 1
    assert np.isnan(grid.open[375:377, 0]).all()
    assert grid.gap[375:377, 0].all()
    assert grid.close[377, 0] == 2


def test_closed_days_and_days_of_unknown_hours_have_no_rows() -> None:
    grid = grid_of(
        walk("A", second(MONDAY, 9, 15), [1.0, 2.0]),
        span=replace(SPAN, first=date(2026, 11, 7), last=date(2026, 11, 10)),
    )

    assert set(grid.session) == {date(2026, 11, 9).toordinal()}
    assert np.isnan(grid.close).all()


def test_a_split_session_has_rows_only_in_its_windows() -> None:
    drill = date(2024, 3, 2)
    grid = grid_of(
        walk("A", second(drill, 9, 15), [1.0, 2.0]), span=replace(SPAN, first=drill, last=drill)
    )

    assert len(grid) == 105
    assert list(grid.minute[44:46]) == [44, 135]
    assert grid.close[45, 0] == 2.5


FUTURES = Hours(Calendar.load(), Segment.FUTURES, has_derivatives=True, is_index=True)
SHARES = Hours(Calendar.load(), Segment.CASH, has_derivatives=True, is_index=False)
INDICES = Hours(Calendar.load(), Segment.CASH, has_derivatives=True, is_index=True)


def ends(grid: BarGrid, column: int) -> list[str]:
    """Return when the last bar with a price starts, by session."""
    starts = [grid.start[(grid.session == day) & ~np.isnan(grid.close[:, column])] for day in DAYS]
    return [f"{datetime.fromtimestamp(int(each[-1]), IST):%H:%M}" for each in starts]


DAYS = tuple(date(2026, month, day).toordinal() for month, day in ((7, 31), (8, 3), (12, 7)))


def closed_grid(timeframe: Timeframe) -> BarGrid:
    """Return a share, an index and a future over the days on which the closes change."""
    mornings = [second(date.fromordinal(day), 9, 15) for day in DAYS]
    told = {m + 60 * k: (100.0, 101.0, 99.0, 100.5, 10.0) for m in mornings for k in range(300)}
    symbols = {name: bars(name, told) for name in ("SHARE", "INDEX", "FUTURE")}
    grids = [
        bar_grid(
            symbols, GridSpan(FUTURES, timeframe, date.fromordinal(day), date.fromordinal(day))
        )
        for day in DAYS
    ]
    joined = {
        name: np.concatenate([getattr(grid, name) for grid in grids])
        for name in [field.name for field in fields(BarGrid)][1:]
    }
    return BarGrid(timeframe, **joined)


@pytest.mark.parametrize(
    ("timeframe", "share", "index", "future"),
    [
        (
            Timeframe.MINUTE,
            ["15:29", "15:14", "15:29"],
            ["15:29", "15:29", "15:29"],
            ["15:29", "15:39", "15:44"],
        ),
        (
            Timeframe.MINUTES_15,
            ["15:15", "15:00", "15:15"],
            ["15:15", "15:15", "15:15"],
            ["15:15", "15:30", "15:30"],
        ),
    ],
)
def test_each_column_ends_with_its_own_hours_of_that_day(
    timeframe: Timeframe, share: list[str], index: list[str], future: list[str]
) -> None:
    grid = closed_grid(timeframe)

    own = until_close(grid, closes_of((SHARES, INDICES, FUTURES), np.array(DAYS)))

    assert [ends(own, place) for place in range(3)] == [share, index, future]
    for place in range(3):
        behind = np.isnan(own.close[:, place])
        assert own.gap[behind, place].all()
        for name in ("open", "high", "low"):
            assert (np.isnan(getattr(own, name)[:, place]) == behind).all()
            kept = getattr(own, name)[~behind, place]
            assert kept.tolist() == getattr(grid, name)[~behind, place].tolist()


def test_bars_of_days_with_one_close_are_left_as_they_are() -> None:
    grid = grid_of(walk("A", second(MONDAY, 9, 15), [1.0, 2.0]))
    empty = bar_grid({"A": SymbolBars.none_of("A")}, replace(SPAN, first=WEDNESDAY, last=MONDAY))

    assert until_close(grid, closes_of((CASH,), np.array([MONDAY.toordinal()]))) is grid
    assert until_close(empty, closes_of((CASH,), np.zeros(0, np.int64))) is empty


def test_a_bar_that_a_close_lies_in_stays_as_it_is() -> None:
    grid = grid_of(
        walk("A", second(MONDAY, 9, 15), [float(100 + i) for i in range(30)]),
        span=replace(SPAN, timeframe=Timeframe.MINUTES_15),
    )

    own = until_close(grid, np.array([[second(MONDAY, 9, 37)]]))

    assert own.close[:2, 0].tolist() == grid.close[:2, 0].tolist()
    assert np.isnan(own.close[2:, 0]).all()


def test_a_bar_that_its_session_cuts_short_is_none() -> None:
    grid = closed_grid(Timeframe.MINUTES_15)
    ends_at_s = closes_of([FUTURES], np.array(DAYS))[:, 0]

    whole = whole_bars(grid, ends_at_s)

    cut = grid.start == second(date.fromordinal(DAYS[1]), 15, 30)
    assert cut.sum() == 1
    assert whole.start.tolist() == grid.start[~cut].tolist()
    assert whole.close.tobytes() == grid.close[~cut].tobytes()
    assert whole_bars(whole, ends_at_s) is whole


def test_a_session_of_whole_bars_is_left_as_it_is() -> None:
    grid = closed_grid(Timeframe.MINUTES_5)
    empty = bar_grid({"A": SymbolBars.none_of("A")}, replace(SPAN, first=WEDNESDAY, last=MONDAY))

    assert whole_bars(grid, closes_of([FUTURES], np.array(DAYS))[:, 0]) is grid
    assert whole_bars(empty, np.zeros(0, np.int64)) is empty


def test_no_symbols_and_no_sessions_give_empty_grids() -> None:
    assert bar_grid({}, SPAN).close.shape == (375, 0)
    holiday = date(2026, 11, 24)
    grid = grid_of(
        walk("A", second(MONDAY, 9, 15), [1.0, 2.0]),
        span=replace(SPAN, first=holiday, last=holiday, timeframe=Timeframe.MINUTES_5),
    )
    assert len(grid) == 0


def test_minutes_are_folded_into_the_spans_longer_bars() -> None:
    symbol = walk("A", second(MONDAY, 9, 15), [float(100 + i) for i in range(30)])

    direct = grid_of(symbol, span=replace(SPAN, timeframe=Timeframe.MINUTES_15))

    assert len(direct) == 25
    assert list(direct.open[:2, 0]) == [100, 115]
    assert list(direct.high[:2, 0]) == [115, 130]
    assert list(direct.low[:2, 0]) == [99, 114]
    assert list(direct.close[:2, 0]) == [114.5, 129.5]
    assert list(direct.volume[:3, 0]) == [150, 150, 0]
    assert list(direct.minute[:2]) == [0, 15]
    assert direct.start[1] == second(MONDAY, 9, 30)
    assert list(direct.gap[:3, 0]) == [False, False, True]
    assert direct.open[2, 0] == direct.low[2, 0] == 129.5


def test_a_gap_inside_a_longer_bar_does_not_touch_its_range() -> None:
    start = second(MONDAY, 9, 20)
    symbol = bars(
        "A",
        {
            start - 60: (50, 50, 50, 50, 1),
            start + 60: (100, 101, 99, 100, 1),
            start + 120: (100, 103, 100, 102, 1),
        },
    )

    grid = grid_of(symbol, span=replace(SPAN, timeframe=Timeframe.MINUTES_5))

    assert (grid.open[1, 0], grid.high[1, 0], grid.low[1, 0], grid.close[1, 0]) == (
        100,
        103,
        99,
        102,
    )


def test_a_first_trade_inside_a_longer_bar_opens_it() -> None:
    symbol = walk("A", second(MONDAY, 9, 17), [10.0, 11.0])

    grid = grid_of(symbol, span=replace(SPAN, timeframe=Timeframe.MINUTES_5))

    assert (grid.open[0, 0], grid.close[0, 0], bool(grid.gap[0, 0])) == (10.0, 11.5, False)


def test_longer_bars_start_anew_with_each_session_even_if_the_last_is_short() -> None:
    muhurat = date(2025, 10, 21)
    span = GridSpan(CASH, Timeframe.MINUTE, date(2025, 10, 20), date(2025, 10, 23))
    minutes = grid_of(walk("A", second(muhurat, 13, 45), [1.0, 2.0]), span=span)

    longer = resample(minutes, Timeframe.MINUTES_15)

    evening = longer.session == muhurat.toordinal()
    assert list(longer.start[evening]) == [second(muhurat, 13, 45) + 900 * i for i in range(4)]
    assert list(longer.minute[evening]) == [0, 15, 30, 45]
    assert len(longer) == 25 + 4 + 25


def test_resampling_in_two_steps_equals_one() -> None:
    generator = np.random.default_rng(7)
    closes = list(100 + generator.normal(size=300).cumsum() * 0.1)
    minutes = grid_of(walk("A", second(MONDAY, 9, 40), closes))

    once = resample(minutes, Timeframe.MINUTES_15)
    twice = resample(resample(minutes, Timeframe.MINUTES_5), Timeframe.MINUTES_15)

    for name in ("start", "session", "minute", "open", "high", "low", "close", "volume", "oi"):
        np.testing.assert_array_equal(getattr(once, name), getattr(twice, name))
    np.testing.assert_array_equal(once.gap, twice.gap)


@settings(max_examples=40)
@given(st.sets(st.integers(0, 374), max_size=40))
def test_resampling_keeps_volume_and_the_days_range(minutes: set[int]) -> None:
    start = second(MONDAY, 9, 15)
    minutes |= {200, 201, 202}
    symbol = bars("A", {start + 60 * m: (m + 1, m + 2, m, m + 1, 3) for m in sorted(minutes)})
    grid = grid_of(replace(symbol, low=symbol.low + 0.5))

    longer = resample(grid, Timeframe.MINUTES_5)

    assert longer.volume.sum() == grid.volume.sum()
    assert np.nanmax(longer.high) == np.nanmax(grid.high)
    assert np.nanmin(longer.low) == np.nanmin(grid.low)
    np.testing.assert_array_equal(longer.close, grid.close[4::5])


def test_a_grid_at_its_own_timeframe_is_unchanged() -> None:
    grid = grid_of(walk("A", second(MONDAY, 9, 15), [1.0, 2.0]))

    assert resample(grid, Timeframe.MINUTE).close is grid.close


def test_bars_of_five_minutes_stay_bars_of_five_minutes() -> None:
    symbol = walk("A", second(MONDAY, 9, 15), [1.0, 2.0, 3.0], step=300)

    grid = grid_of(symbol, span=replace(SPAN, timeframe=Timeframe.MINUTES_5))

    assert symbol.timeframe is Timeframe.MINUTES_5
    assert len(grid) == 75
    assert list(grid.close[:3, 0]) == [1.5, 2.5, 3.5]


@pytest.mark.parametrize(
    ("step", "wanted", "message"),
    [
        (300, Timeframe.MINUTE, "MINUTES_5 cannot give MINUTE"),
        (90, Timeframe.MINUTES_5, "A: bars 90 s apart"),
        (60, Timeframe.SECOND, "SECOND is shorter than recorded bars"),
    ],
)
def test_a_length_that_cannot_be_had_is_refused(step: int, wanted: Timeframe, message: str) -> None:
    symbol = walk("A", second(MONDAY, 9, 15), [1.0, 2.0, 3.0], step=step)

    with pytest.raises(GridError, match=message):
        grid_of(symbol, span=replace(SPAN, timeframe=wanted))


def test_mixed_lengths_are_refused() -> None:
    five = walk("A", second(MONDAY, 9, 15), [1.0, 2.0], step=300)
    one = walk("B", second(MONDAY, 9, 15), [1.0, 2.0])

    with pytest.raises(GridError, match="several lengths"):
        grid_of(five, one, span=replace(SPAN, timeframe=Timeframe.MINUTES_5))


def test_a_shorter_or_uneven_target_is_refused() -> None:
    grid = grid_of(
        walk("A", second(MONDAY, 9, 15), [1.0, 2.0]),
        span=replace(SPAN, timeframe=Timeframe.MINUTES_5),
    )

    with pytest.raises(GridError, match="no multiple"):
        resample(grid, Timeframe.MINUTE)


def test_a_row_of_the_grid_is_what_live_sees() -> None:
    grid = grid_of(walk("A", second(MONDAY, 9, 15), [1.0, 2.0]))

    row = grid.row(1)

    assert row.start == second(MONDAY, 9, 15) + int(timedelta(minutes=1).total_seconds())
    assert (row.session, row.minute) == (MONDAY.toordinal(), 1)
