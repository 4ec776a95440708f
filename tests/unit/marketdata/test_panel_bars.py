from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.bars import BarRow
from marketdata.panel import Panel
from marketdata.ticks import TICK
from marketdata.timeframes import Timeframe

OPEN_S = 1_700_000_100 // 60 * 60
MINUTE, FIVE, QUARTER = Timeframe.MINUTE, Timeframe.MINUTES_5, Timeframe.MINUTES_15
NAN = np.nan


def panel(tokens=(7, 3), timeframes=(MINUTE,), volume_from=None, previous_close=None):
    return Panel(
        tokens=np.array(tokens),
        timeframes=timeframes,
        opens_at_s=OPEN_S,
        session=738_000,
        volume_from=volume_from,
        previous_close=previous_close,
    )


def column(row, place):
    names = ("open", "high", "low", "close", "volume")
    return tuple(float(getattr(row, name)[place]) for name in names)


def closing(timeframes, **columns):
    """Return a panel of two columns, the first of which closes after seven minutes."""
    made = panel(timeframes=timeframes, **columns)
    made.end_at(OPEN_S + np.array([7 * 60, 40 * 60]))
    return made


def tick_of(minute, *lasts, volume=0):
    """Return a tick for each of the columns, in the given minute."""
    rows = np.zeros(len(lasts), dtype=TICK)
    rows["token"], rows["volume"] = (7, 3)[: len(lasts)], volume
    rows["exchange_at"] = (OPEN_S + 60 * minute + 5) * 1_000_000
    for name in ("last", "open", "high", "low"):
        rows[name] = lasts
    rows["bid"] = rows["ask"] = NAN
    return rows


def test_behind_a_columns_own_close_there_is_no_price_whatever_ticks_come():
    made = closing((MINUTE,))
    for minute in range(10):
        made.apply(tick_of(minute, 100.0 + minute, 50.0, volume=10 * (minute + 1)))

    rows = made.close_bars(OPEN_S + 600)

    first = np.array([row.close[0] for row in rows])
    assert first[:7].tolist() == [100.0 + minute for minute in range(7)]
    for row in rows[7:]:
        assert column(row, 0) == pytest.approx((NAN,) * 4 + (0.0,), nan_ok=True)
        assert row.gap.tolist() == [True, False]
        assert column(row, 1) == (50.0, 50.0, 50.0, 50.0, 10.0)
    assert made.last.tolist() == [109.0, 50.0]


def test_a_quiet_column_is_flat_to_its_close_and_nothing_behind_it():
    made = closing((MINUTE,))
    made.apply(tick_of(2, 100.0, 50.0))

    closes = np.array([row.close for row in made.close_bars(OPEN_S + 600)])

    assert np.isnan(closes[:2]).all()
    assert closes[2:7].tolist() == [[100.0, 50.0]] * 5
    assert np.isnan(closes[7:, 0]).all()
    assert closes[7:, 1].tolist() == [50.0] * 3


def test_a_bar_that_the_close_lies_in_holds_what_was_traded_before_it():
    made = closing((MINUTE, FIVE))
    for minute in range(15):
        made.apply(tick_of(minute, 100.0 + minute, 50.0, volume=10 * (minute + 1)))

    fives = [row for row in made.close_bars(OPEN_S + 900) if row.timeframe is FIVE]

    assert column(fives[1], 0) == (105.0, 106.0, 105.0, 106.0, 20.0)
    assert not fives[1].gap[0]
    assert np.isnan(fives[2].close[0])
    assert column(fives[2], 1) == (50.0, 50.0, 50.0, 50.0, 50.0)


def test_without_a_price_the_volume_of_another_column_makes_no_bar():
    made = closing((MINUTE,), volume_from=np.array([1, 1]))
    for minute in range(9):
        made.apply(tick_of(minute, 100.0, 50.0, volume=10 * (minute + 1)))

    last = made.close_bars(OPEN_S + 540)[-1]

    assert np.isnan([last.open[0], last.high[0], last.low[0], last.close[0]]).all()
    assert last.gap[0]


def test_columns_that_all_close_with_the_session_have_the_bars_they_always_had():
    table = stream(5, 2, 300)
    table["token"] = table["token"].map({0: 7, 1: 3})
    alone, told = panel(timeframes=(MINUTE, FIVE)), panel(timeframes=(MINUTE, FIVE))
    told.end_at(OPEN_S + np.array([40 * 60, 40 * 60]))
    for rows in batches(as_ticks(table)):
        alone.apply(rows)
        told.apply(rows)

    both = [made.close_bars(OPEN_S + 40 * 60) for made in (alone, told)]

    assert len(both[0]) == 48
    for one, other in zip(*both, strict=True):
        for name in ("open", "high", "low", "close", "volume", "oi", "gap"):
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_a_close_for_some_of_the_columns_only_is_refused():
    with pytest.raises(ValueError, match="closes_at_s: has 1, expected 2"):
        panel().end_at(np.array([OPEN_S]))


def stream(seed, columns, count):
    """Return a random session of ticks in exchange order, one table row each, no repeats."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.choice(40 * 60 * 1000, size=count, replace=False)) * 1000
    token = rng.integers(0, columns, count)
    last = np.round((100.0 + rng.normal(0.0, 0.3, count).cumsum()) * 20.0) / 20.0
    traded = rng.integers(0, 50, count)
    table = pd.DataFrame({"at": at, "token": token, "last": last, "traded": traded})
    table["volume"] = table.groupby("token")["traded"].cumsum()
    return table


def as_ticks(table):
    rows = np.zeros(len(table), dtype=TICK)
    rows["token"], rows["volume"] = table["token"], table["volume"]
    rows["exchange_at"] = OPEN_S * 1_000_000 + table["at"]
    for name in ("last", "open", "high", "low"):
        rows[name] = table["last"]
    rows["bid"] = rows["ask"] = NAN
    return rows


def batches(rows):
    """Cut ticks into arrays in which no token comes twice."""
    begin, seen = 0, set()
    for place, token in enumerate(rows["token"].tolist()):
        if token in seen:
            yield rows[begin:place]
            begin, seen = place, set()
        seen.add(token)
    if len(rows):
        yield rows[begin:]


def played(table, columns, timeframes, every_s, until_s=45 * 60):
    """Apply the ticks in frames of some seconds and close bars by the clock after each."""
    board = panel(tokens=range(columns), timeframes=timeframes)
    rows: list[BarRow] = []
    stream_, at = as_ticks(table), table["at"].to_numpy()
    for now in range(every_s, until_s + every_s, every_s):
        begin, end = np.searchsorted(at, [(now - every_s) * 1_000_000, now * 1_000_000])
        for batch in batches(stream_[begin:end]):
            board.apply(batch)
        rows.extend(board.close_bars(OPEN_S + now))
    return [row for row in rows if row.start < OPEN_S + until_s]


def grouped(table, seconds):
    """Return the bars of every token and slot that traded, made without the panel."""
    slot = table["at"] // (seconds * 1_000_000)
    return table.groupby(["token", slot]).agg(
        open=("last", "first"),
        high=("last", "max"),
        low=("last", "min"),
        close=("last", "last"),
        volume=("traded", "sum"),
    )


def told(rows, frame):
    bars = {}
    for row in rows:
        if row.timeframe is frame:
            slot = (row.start - OPEN_S) // frame.seconds
            for place in np.flatnonzero(~row.gap).tolist():
                bars[place, slot] = column(row, place)
    return bars


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    columns=st.integers(1, 5),
    count=st.integers(1, 400),
    every_s=st.sampled_from([1, 7, 60, 150]),
)
def test_bars_are_those_of_grouping_the_ticks(seed, columns, count, every_s):
    table = stream(seed, columns, count)
    # A first tick after the first minute is a baseline: what it traded is nobody's.
    first = table.groupby("token")["at"].transform("min")
    table.loc[(table["at"] == first) & (first >= 60_000_000), "traded"] = 0

    rows = played(table, columns, (MINUTE, FIVE, QUARTER), every_s)

    for frame in (MINUTE, FIVE, QUARTER):
        expected = grouped(table, frame.seconds)
        assert told(rows, frame) == {
            key: tuple(map(float, bar))
            for key, bar in zip(
                expected.index.tolist(), expected.itertuples(index=False), strict=True
            )
        }


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 300))
def test_longer_bars_are_the_same_whichever_shorter_ones_are_formed(seed, count):
    table = stream(seed, 3, count)

    rolled = played(table, 3, (Timeframe.SECONDS_5, MINUTE, FIVE), 5)
    direct = played(table, 3, (FIVE,), 5)

    five = [row for row in rolled if row.timeframe is FIVE]
    assert len(five) == len(direct) == 9
    for ours, theirs in zip(five, direct, strict=True):
        assert (ours.start, ours.minute) == (theirs.start, theirs.minute)
        for name in ("open", "high", "low", "close", "volume", "oi", "gap"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), jump=st.integers(2, 45))
def test_a_jump_of_the_clock_tells_the_same_bars(seed, jump):
    table = stream(seed, 2, 200)

    slow = played(table, 2, (MINUTE, FIVE), 60)
    fast = played(table, 2, (MINUTE, FIVE), 60 * jump)

    assert len(slow) == len(fast)
    for ours, theirs in zip(slow, fast, strict=True):
        assert (ours.start, ours.timeframe) == (theirs.start, theirs.timeframe)
        for name in ("open", "high", "low", "close", "volume", "gap"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def screened(ticks_):
    """Sort one symbol's recorded ticks and drop repeats, as its recorded bars were made."""
    ordered = ticks_.sort_values(["at", "volume"], kind="stable")
    return ordered.drop_duplicates(["at", "ltp", "volume"])


@pytest.mark.shared_data
def test_recorded_ticks_make_the_recorded_bars(shared_data):
    source = pd.read_csv(shared_data / "ticks" / "alice_1s_2021-04-28_2021-04-30.csv.gz")
    expected = pd.read_csv(
        shared_data / "bars_1m" / "stocks_2021-04-05_2021-05-14_from_ticks.csv.gz"
    )
    day = "2021-04-28"
    source = source[source["ts"].str.startswith(day)]
    expected = expected[expected["ts"].str.startswith(day)]
    symbols = sorted(set(source["symbol"]) & set(expected["symbol"]))
    opened = int(pd.Timestamp(f"{day}T09:15:00+05:30").timestamp())
    parts = []
    for place, symbol in enumerate(symbols):
        own = source[source["symbol"] == symbol]
        seconds = pd.to_datetime(own["ts"]).map(pd.Timestamp.timestamp).astype(int)
        own = own.assign(at=(seconds - opened) * 1_000_000, token=place)
        parts.append(screened(own[(own["at"] >= 0) & (own["at"] < 375 * 60_000_000)]))
    table = pd.concat(parts).sort_values("at", kind="stable").rename(columns={"ltp": "last"})

    rows = played(table, len(symbols), (MINUTE,), 60, until_s=375 * 60)

    ours = told(rows, MINUTE)
    compared = 0
    for bar in expected[expected["symbol"].isin(symbols)].itertuples():
        slot = (int(pd.Timestamp(bar.ts).timestamp()) - opened) // 60
        mine = ours.pop((symbols.index(bar.symbol), slot))
        assert mine[:4] == (bar.open, bar.high, bar.low, bar.close)
        if slot > 0:
            assert mine[4] == bar.volume
        compared += 1
    assert len(symbols) == 6
    assert compared > 2_000
    assert ours == {}
