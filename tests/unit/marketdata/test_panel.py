from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from marketdata.bars import BarRow
from marketdata.panel import Panel, UnknownToken
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


def tick(token, after_s, last, volume=0, **more):
    row = np.zeros(1, dtype=TICK)
    row["token"], row["last"], row["volume"] = token, last, volume
    row["exchange_at"] = round((OPEN_S + after_s) * 1e6)
    row["bid"] = row["ask"] = NAN
    for name in ("open", "high", "low"):
        row[name] = last
    for name, value in more.items():
        row[name] = value
    return row


def ticks(*rows):
    return np.concatenate(rows)


def column(row, place):
    names = ("open", "high", "low", "close", "volume")
    return tuple(float(getattr(row, name)[place]) for name in names)


def test_the_newest_tick_of_each_column_stands_in_the_columns():
    board = panel()

    touched = board.apply(
        tick(3, 1, 50.0, volume=9, bid=49.9, ask=50.1, bid_quantity=5, ask_quantity=6, oi=12)
    )

    assert touched.tolist() == board.touched.tolist() == [1]
    assert np.isnan(board.last[0])
    assert board.last[1] == 50.0
    assert (board.bid[1], board.ask[1]) == (49.9, 50.1)
    assert (board.bid_quantity[1], board.ask_quantity[1]) == (5, 6)
    assert (board.volume[1], board.oi[1]) == (9, 12)
    assert board.seen_at_us.tolist() == [0, (OPEN_S + 1) * 1_000_000]


def test_the_range_since_the_last_tick_is_kept_for_the_columns_touched():
    board = panel()
    board.apply(ticks(tick(3, 1, 50.0), tick(7, 1, 90.0)))

    board.apply(tick(7, 2, 91.0, open=90.0, high=93.0, low=89.0))

    assert board.touched.tolist() == [0]
    assert (board.step_open[0], board.step_high[0], board.step_low[0]) == (90.0, 93.0, 89.0)


def test_an_unknown_token_is_refused_before_anything_changes():
    board = panel()

    with pytest.raises(UnknownToken, match="token: 8 has no column"):
        board.apply(ticks(tick(7, 1, 50.0), tick(8, 1, 50.0)))
    with pytest.raises(UnknownToken, match="token: 1 has no column"):
        board.apply(tick(1, 1, 50.0))
    assert np.isnan(board.last).all()


def test_a_bar_is_made_of_the_ticks_within_it():
    board = panel()
    for after, last in ((0, 50.0), (20, 53.0), (40, 48.0), (59.999_999, 51.0)):
        board.apply(tick(3, after, last))

    (row,) = board.close_bars(OPEN_S + 60)

    assert column(row, 1) == (50.0, 53.0, 48.0, 51.0, 0.0)
    assert (row.timeframe, row.start, row.minute, row.session) == (MINUTE, OPEN_S, 0, 738_000)
    assert row.gap.tolist() == [True, False]


def test_a_tick_that_carries_a_range_widens_the_bar():
    board = panel()
    board.apply(tick(3, 0, 50.0, open=49.0, high=55.0, low=45.0))

    (row,) = board.close_bars(OPEN_S + 60)

    assert column(row, 1) == (49.0, 55.0, 45.0, 50.0, 0.0)


def test_the_exchange_decides_which_bar_a_tick_belongs_to():
    board = panel()
    board.apply(tick(3, 30, 50.0, volume=10))
    board.apply(tick(3, 60, 60.0, volume=15))
    board.apply(tick(7, 59, 90.0))

    first, second = board.close_bars(OPEN_S + 120)

    assert column(first, 1) == (50.0, 50.0, 50.0, 50.0, 10.0)
    assert column(first, 0) == (90.0, 90.0, 90.0, 90.0, 0.0)
    assert column(second, 1) == (60.0, 60.0, 60.0, 60.0, 5.0)


def test_a_bar_closes_at_its_end_and_once():
    board = panel()

    assert board.close_bars(OPEN_S + 59) == ()
    assert len(board.close_bars(OPEN_S + 60)) == 1
    assert board.close_bars(OPEN_S + 60) == ()


def test_a_column_that_has_not_traded_is_nan_and_one_that_rests_is_flat():
    board = panel()
    board.apply(tick(3, 30, 50.0, volume=10, oi=4))

    _, resting = board.close_bars(OPEN_S + 120)

    assert column(resting, 1) == (50.0, 50.0, 50.0, 50.0, 0.0)
    assert resting.oi[1] == 4.0
    assert np.isnan(column(resting, 0)[:4]).all()
    assert resting.volume[0] == 0.0
    assert resting.gap.all()


def test_bars_are_the_same_whenever_they_take_their_ticks():
    at_once, when_read = panel(), panel()
    came = [(tick(3, 10, 50.0, volume=10)), (tick(7, 30, 90.0)), (tick(3, 59, 52.0, volume=15))]
    for each in (*came, tick(3, 61, 51.0, volume=19), tick(7, 59, 91.0)):
        for board in (at_once, when_read):
            board.apply(each)
        at_once.settle()
        at_once.settle()

    rows = [board.close_bars(OPEN_S + 120) for board in (at_once, when_read)]

    assert [repr(row) for row in rows[0]] == [repr(row) for row in rows[1]]


def test_a_late_tick_is_the_newest_price_but_changes_no_closed_bar():
    board = panel()
    board.apply(tick(3, 30, 50.0, volume=10))
    (row,) = board.close_bars(OPEN_S + 60)
    before = column(row, 1)

    board.apply(tick(3, 59, 99.0, volume=12))
    board.apply(tick(3, 61, 52.0, volume=15))
    (following,) = board.close_bars(OPEN_S + 120)

    assert board.late_ticks == 1
    assert column(row, 1) == before
    assert column(following, 1) == (52.0, 52.0, 52.0, 52.0, 5.0)


def test_a_late_tick_alone_leaves_the_next_bar_a_gap():
    board = panel()
    board.close_bars(OPEN_S + 60)

    board.apply(tick(3, 59, 99.0))
    (row,) = board.close_bars(OPEN_S + 120)

    assert board.last[1] == 99.0
    assert row.gap.all()
    assert np.isnan(row.close).all()


def test_volume_before_the_first_tick_counts_in_the_first_minute_only():
    early, late = panel(), panel()
    early.apply(tick(3, 59, 50.0, volume=1_000))
    late.apply(tick(3, 60, 50.0, volume=1_000))
    late.apply(tick(3, 61, 50.0, volume=1_003))

    assert early.close_bars(OPEN_S + 60)[0].volume[1] == 1_000.0
    assert late.close_bars(OPEN_S + 120)[1].volume[1] == 3.0


def test_a_day_volume_that_steps_back_counts_nothing_until_it_is_passed():
    board = panel()
    for after, volume in ((1, 100), (2, 90), (3, 95), (4, 110)):
        board.apply(tick(3, after, 50.0, volume=volume))

    assert board.close_bars(OPEN_S + 60)[0].volume[1] == 110.0


def test_ticks_before_the_open_form_no_bars_but_begin_the_volume():
    board = panel()
    board.apply(tick(3, -400, 40.0, volume=70))
    board.apply(tick(3, 5, 50.0, volume=100))

    (row,) = board.close_bars(OPEN_S + 60)

    assert column(row, 1) == (50.0, 50.0, 50.0, 50.0, 30.0)
    assert board.late_ticks == 0


def test_an_index_tells_the_volume_of_its_future():
    board = panel(volume_from=np.array([1, 1]))
    board.apply(ticks(tick(7, 1, 20_000.0), tick(3, 1, 20_050.0, volume=65)))

    (row,) = board.close_bars(OPEN_S + 60)

    assert row.volume.tolist() == [65.0, 65.0]


def test_bars_of_all_lengths_come_oldest_first_and_shorter_first():
    board = panel(timeframes=(QUARTER, MINUTE, FIVE))

    rows = board.close_bars(OPEN_S + 900)

    told = [(row.start - OPEN_S + row.timeframe.seconds, row.timeframe.seconds) for row in rows]
    assert told == sorted(told)
    assert len(told) == 15 + 3 + 1
    assert rows[-1].minute == 0
    assert rows[-2].minute == 10


def test_a_panel_begun_at_noon_tells_the_morning_as_unknown():
    board = panel()
    board.apply(tick(3, 3 * 3600 + 5, 50.0, volume=10_000))

    rows = board.close_bars(OPEN_S + 3 * 3600 + 60)

    assert len(rows) == 181
    assert all(np.isnan(row.close).all() for row in rows[:-1])
    assert column(rows[-1], 1) == (50.0, 50.0, 50.0, 50.0, 0.0)


def test_the_arrays_of_a_bar_belong_to_the_caller():
    board = panel(timeframes=(MINUTE, FIVE))
    board.apply(tick(3, 1, 50.0, volume=3))
    (row,) = board.close_bars(OPEN_S + 60)
    for field in fields(BarRow):
        value = getattr(row, field.name)
        if isinstance(value, np.ndarray):
            value[:] = 77

    *_, five = board.close_bars(OPEN_S + 300)

    assert column(five, 1) == (50.0, 50.0, 50.0, 50.0, 3.0)


def test_seconds_are_formed_when_asked_for():
    board = panel(timeframes=(Timeframe.SECOND, Timeframe.SECONDS_5, MINUTE))
    board.apply(tick(3, 2.5, 50.0))

    rows = board.close_bars(OPEN_S + 5)

    assert [row.timeframe.seconds for row in rows] == [1, 1, 1, 1, 1, 5]
    assert [bool(row.gap[1]) for row in rows] == [True, True, False, True, True, False]


def test_a_previous_close_is_kept_and_makes_no_bar():
    board = panel(previous_close=np.array([90.0, 50.0]))

    assert board.previous_close.tolist() == [90.0, 50.0]
    assert np.isnan(board.close_bars(OPEN_S + 60)[0].close).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens": ()},
        {"tokens": (7, 7)},
        {"timeframes": ()},
        {"timeframes": (MINUTE, MINUTE)},
        {"volume_from": np.array([0])},
        {"volume_from": np.array([0, 2])},
        {"volume_from": np.array([-1, 0])},
        {"previous_close": np.array([1.0])},
    ],
)
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        panel(**wrong)
