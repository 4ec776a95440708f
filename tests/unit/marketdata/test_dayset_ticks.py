from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from marketdata.dayset_source import RawTicks
from marketdata.dayset_ticks import bar_arrivals, raw_arrivals, volume_of_minute
from marketdata.minute_bars import MinuteBars

MINUTE = 60_000_000
START = 1_619_581_500 * 1_000_000


@st.composite
def minute_bars(draw: st.DrawFn) -> MinuteBars:
    rows = draw(
        st.lists(
            st.tuples(st.lists(st.integers(1, 400), min_size=4, max_size=4), st.integers(0, 10**7)),
            min_size=1,
            max_size=12,
        )
    )
    minutes = draw(
        st.lists(st.integers(0, 374), min_size=len(rows), max_size=len(rows), unique=True)
    )
    prices = np.array([sorted(row) for row, _ in rows]) * 5 / 100
    shuffled = np.array([row[:2] for row, _ in rows]) * 5 / 100
    return MinuteBars(
        start=START + np.array(sorted(minutes), np.int64) * MINUTE,
        open=np.clip(shuffled[:, 0], prices[:, 0], prices[:, 3]),
        high=prices[:, 3],
        low=prices[:, 0],
        close=np.clip(shuffled[:, 1], prices[:, 0], prices[:, 3]),
        volume=np.array([volume for _, volume in rows], np.int64),
    )


def one_bar(open_: float, high: float, low: float, close: float, volume: int = 0) -> MinuteBars:
    return MinuteBars(
        np.array([START]),
        np.array([open_]),
        np.array([high]),
        np.array([low]),
        np.array([close]),
        np.array([volume]),
    )


@given(minute_bars())
def test_bars_made_of_the_ticks_equal_the_bars_the_ticks_were_made_of(bars: MinuteBars) -> None:
    ticks = bar_arrivals(9, bars).ticks

    minute = ticks["exchange_at"] // MINUTE * MINUTE
    before = 0
    for place, start in enumerate(bars.start):
        inside = ticks[minute == start]
        assert inside["last"][0] == bars.open[place]
        assert inside["high"].max() == bars.high[place]
        assert inside["low"].min() == bars.low[place]
        assert inside["last"][-1] == bars.close[place]
        assert int(inside["volume"][-1]) - before == bars.volume[place]
        before = int(inside["volume"][-1])
    assert len(ticks) == 4 * len(bars)


@given(minute_bars())
def test_the_day_volume_of_told_bars_never_falls_and_begins_at_nothing(bars: MinuteBars) -> None:
    volume = bar_arrivals(9, bars).ticks["volume"]

    assert volume[0] == 0
    assert np.all(np.diff(volume) >= 0)
    assert volume[-1] == bars.volume.sum()


def test_the_extreme_nearer_to_the_open_is_told_first() -> None:
    assert bar_arrivals(9, one_bar(10.0, 11.0, 7.0, 8.0)).ticks["last"].tolist() == [10, 11, 7, 8]
    assert bar_arrivals(9, one_bar(10.0, 13.0, 9.0, 12.0)).ticks["last"].tolist() == [10, 9, 13, 12]


def test_at_equal_distance_the_low_is_told_first() -> None:
    assert bar_arrivals(9, one_bar(10.0, 12.0, 8.0, 9.0)).ticks["last"].tolist() == [10, 8, 12, 9]


def test_a_bar_is_told_at_seconds_0_20_40_and_59() -> None:
    arrivals = bar_arrivals(9, one_bar(10.0, 12.0, 8.0, 9.0, volume=100))

    assert ((arrivals.at - START) // 1_000_000).tolist() == [0, 20, 40, 59]
    assert arrivals.ticks["exchange_at"].tolist() == arrivals.at.tolist()
    assert arrivals.ticks["token"].tolist() == [9] * 4
    assert arrivals.ticks["volume"].tolist() == [0, 33, 66, 100]


def test_recorded_ticks_keep_their_dirt_and_arrive_when_the_newest_stamp_says() -> None:
    raw = RawTicks(
        stamp=np.array([START, START + 2_000_000, START + 1_000_000, 0, START + 3_000_000]),
        last=np.array([10.0, 11.0, 10.5, 11.0, 12.0]),
        volume=np.array([5, 9, 7, 9, 12]),
    )

    arrivals = raw_arrivals(9, raw)

    assert ((arrivals.at - START) // 1_000_000).tolist() == [0, 2, 2, 2, 3]
    assert arrivals.ticks["exchange_at"].tolist() == raw.stamp.tolist()
    assert arrivals.ticks["last"].tolist() == raw.last.tolist()
    assert arrivals.ticks["volume"].tolist() == raw.volume.tolist()


def test_the_volume_of_a_minute_is_that_of_its_bar_or_the_last_one_before() -> None:
    bars = MinuteBars(
        START + np.array([0, 2]) * MINUTE,
        *(np.ones(2) for _ in range(4)),
        np.array([100, 300]),
    )
    at = START + np.array([-MINUTE, 0, MINUTE - 1, MINUTE, 2 * MINUTE, 9 * MINUTE])

    assert volume_of_minute(bars, at).tolist() == [100, 100, 100, 100, 300, 300]
