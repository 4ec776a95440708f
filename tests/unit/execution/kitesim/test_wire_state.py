from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.kitesim.wire import frame_of
from execution.kitesim.wire_state import WireState
from marketdata.kite.board import Board
from tests.unit.execution.kitesim.days import (
    ALL,
    CALL,
    CLOSES,
    FUTURE,
    INDEX,
    OPEN,
    SHARE,
    tick,
    ticks,
)


def state():
    return WireState(ALL, dict(CLOSES))


def after(*rows):
    made = state()
    for row in rows:
        made.take(row)
    return made


def packet(made, item):
    return made.packets[ALL.index(item)]


def test_before_the_first_tick_only_the_close_before_is_told():
    made = state()

    assert packet(made, SHARE)["close"] == 150_000
    assert packet(made, CALL)["close"] == 0
    assert not made.seen.any()


def test_the_day_s_range_grows_from_the_first_tick():
    made = after(
        tick(SHARE, 1510.0, open=1505.0, high=1511.0, low=1504.0),
        tick(SHARE, 1512.5),
        tick(SHARE, 1500.1),
    )

    told = packet(made, SHARE)
    assert (told["open"], told["high"], told["low"], told["last"]) == (
        *(150_500, 151_250, 150_010, 150_010),
    )


def test_volume_makes_the_average_and_the_last_quantity():
    made = after(
        tick(SHARE, 1500.0, volume=100),
        tick(SHARE, 1530.0, volume=150),
        tick(SHARE, 1531.0, volume=150),
    )

    told = packet(made, SHARE)
    assert (told["volume"], told["last_quantity"], told["average"]) == (150, 50, 151_000)


def test_a_time_of_trade_stands_while_only_quotes_change():
    later = OPEN + timedelta(seconds=5)
    made = after(tick(SHARE, 1500.0, volume=100), tick(SHARE, 1500.0, later, volume=100))

    told = packet(made, SHARE)
    assert told["exchange_at"] - told["traded_at"] == 5


def test_an_index_has_a_time_and_neither_book_nor_volume():
    told = packet(after(tick(INDEX, 24_500.0)), INDEX)

    assert told["exchange_at"] == told["traded_at"] == int(OPEN.timestamp())
    assert (told["volume"], told["buy_quantity"], told["bids"]["price"].sum()) == (0, 0, 0)


def test_five_levels_stand_a_tick_apart_behind_the_best():
    made = after(
        tick(FUTURE, 24_500.0, bid=24_499.9, ask=24_500.3, bid_quantity=130, ask_quantity=65)
    )

    told = packet(made, FUTURE)
    assert told["bids"]["price"].tolist() == [2_449_990, 2_449_980, 2_449_970, 2_449_960, 2_449_950]
    assert told["asks"]["price"].tolist() == [2_450_030, 2_450_040, 2_450_050, 2_450_060, 2_450_070]
    assert told["bids"]["quantity"][0] == 130
    assert all(told["bids"]["quantity"] % 65 == 0)
    assert (told["bids"]["orders"] > 0).all()
    assert told["buy_quantity"] == 8 * told["bids"]["quantity"].sum()


def test_a_book_ends_above_zero():
    told = packet(after(tick(CALL, 0.1, bid=0.1, ask=0.15, bid_quantity=65, ask_quantity=65)), CALL)

    assert told["bids"]["price"].tolist() == [10, 5, 0, 0, 0]
    assert told["bids"]["quantity"].tolist()[2:] == [0, 0, 0]


def test_open_interest_has_a_range():
    made = after(*(tick(FUTURE, 1.0, oi=oi) for oi in (500, 700, 600)))

    told = packet(made, FUTURE)
    assert (told["oi"], told["oi_high"], told["oi_low"]) == (600, 700, 500)


def test_ticks_of_unknown_tokens_are_left_out():
    stranger = replace(SHARE, token=1, symbol="X")
    made = state()

    assert made.take(ticks(tick(stranger, 1.0), tick(SHARE, 2.0))).tolist() == [1]
    assert made.rows_of(np.array([1, SHARE.token])).tolist() == [-1, 1]
    assert WireState((), {}).rows_of(np.array([1])).tolist() == [-1]


@pytest.mark.parametrize(
    "item",
    [
        replace(INDEX, token=408065),
        replace(SHARE, token=256265),
        replace(SHARE, token=3),
        replace(SHARE, token=2**33 + 1),
    ],
)
def test_a_token_of_another_segment_is_refused(item):
    with pytest.raises(ValueError, match="another segment"):
        WireState((item,), {})


paise = st.integers(10, 10_000_000).map(lambda price: price / 100)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(paise, st.integers(0, 4_000_000_000), st.integers(0, 10_000), paise),
        min_size=1,
        max_size=8,
    )
)
def test_a_plain_tick_comes_through_the_wire_as_it_was(rows):
    made, board = state(), Board([item.token for item in ALL])
    volume = 0
    for last, traded, quantity, bid in rows:
        volume = min(volume + traded, 2**32 - 1)
        sent = tick(
            SHARE, last, volume=volume, bid=bid, ask=bid + 1, bid_quantity=quantity, ask_quantity=7
        )
        sent["ask"] = round(bid + 1, 2)

        touched = made.take(sent)
        taken = board.take(frame_of(made.packets[touched], np.full(1, 3, np.int8)))

        assert board.ticks(taken.rows).tobytes() == sent.tobytes()
