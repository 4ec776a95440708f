from __future__ import annotations

import base64

import numpy as np
import pytest

from marketdata.kite.board import Board, FrameError
from marketdata.ticks import TICK
from tests.unit.marketdata.kite import packets as wire

NIFTY, INFY, FUTURE, USD = 256265, 408065, 14866434, 412675
AT = 1_625_461_887
DEPTH = ((5, 157340, 1), *[(9, 157300, 2)] * 4, (172, 157370, 3), *[(724, 157395, 5)] * 4)


def board_with(*packets):
    board = Board([NIFTY, INFY, FUTURE, USD])
    return board, board.take(wire.frame(*packets))


def tick_of(*packets, unstamped_at=0):
    board, taken = board_with(*packets)
    return board.ticks(taken.rows, unstamped_at)[0]


def test_a_full_packet_becomes_a_tick():
    packet = wire.full(
        INFY,
        157370,
        at=AT,
        traded_at=AT - 2,
        oi=(7, 8, 6),
        depth=DEPTH,
        ohlc=(156915, 157500, 156105, 156780),
        counts=(7, 1_192_471, 256_443, 363_009),
        average=157037,
    )
    tick = tick_of(packet)

    assert tick.dtype == TICK
    assert tick.item() == (
        *(INFY, AT * 1_000_000, 1573.70, 1573.70, 1573.70, 1573.70),
        *(1573.40, 1573.70, 5, 172, 1_192_471, 7),
    )


def test_further_columns_are_there_when_asked_for():
    packet = wire.full(
        INFY,
        157370,
        at=AT,
        traded_at=AT - 2,
        oi=(7, 8, 6),
        depth=DEPTH,
        ohlc=(156915, 157500, 156105, 156780),
        counts=(7, 1_192_471, 256_443, 363_009),
        average=157037,
    )
    board, taken = board_with(packet)
    rows = taken.rows

    names = ("last", "average", "open", "high", "low", "close")
    assert [board.prices(name, rows)[0] for name in names] == [
        *(1573.70, 1570.37, 1569.15, 1575.00, 1561.05, 1567.80)
    ]
    counts = ("last_quantity", "volume", "buy_quantity", "sell_quantity", "oi", "oi_high", "oi_low")
    assert [board.counts(name, rows)[0] for name in counts] == [
        *(7, 1_192_471, 256_443, 363_009, 7, 8, 6)
    ]
    assert board.moments("exchange_at", rows).tolist() == [AT * 1_000_000]
    assert board.moments("traded_at", rows).tolist() == [(AT - 2) * 1_000_000]


def test_depth_tells_five_levels_a_side():
    board, taken = board_with(wire.full(INFY, 157370, depth=DEPTH))

    depth = board.depth(taken.rows)

    assert depth.bids[0].tolist() == [1573.40, 1573.0, 1573.0, 1573.0, 1573.0]
    assert depth.ask_quantities[0].tolist() == [172, 724, 724, 724, 724]
    assert depth.ask_orders[0].tolist() == [3, 5, 5, 5, 5]
    assert depth.bid_orders[0].tolist() == [1, 2, 2, 2, 2]


def test_an_empty_level_is_no_quote():
    board, taken = board_with(wire.full(INFY, 157370, at=AT))

    tick = board.ticks(taken.rows)[0]

    assert np.isnan([tick["bid"], tick["ask"]]).all()
    assert np.isnan(board.depth(taken.rows).asks).all()


def test_an_index_packet_is_read_high_low_open_close():
    board, taken = board_with(
        wire.index_full(NIFTY, 2_456_830, (2_454_985, 2_456_910, 2_454_695, 2_451_320), AT, 5510)
    )

    tick = board.ticks(taken.rows)[0]

    assert (tick["last"], tick["exchange_at"], tick["volume"]) == (24568.30, AT * 1_000_000, 0)
    assert np.isnan(tick["bid"])
    assert [board.prices(name, taken.rows)[0] for name in ("open", "high", "low", "close")] == [
        *(24549.85, 24569.10, 24546.95, 24513.20)
    ]


def test_a_price_below_zero_is_signed_and_a_large_volume_is_not():
    tick = tick_of(wire.quote(FUTURE, -3763, counts=(1, 3_000_000_000, 0, 0)))

    assert (tick["last"], tick["volume"]) == (-37.63, 3_000_000_000)


def test_a_currency_is_told_in_its_own_unit():
    assert tick_of(wire.ltp(USD, 834_525_000))["last"] == 83.4525


@pytest.mark.parametrize(
    "packet",
    [
        wire.ltp(INFY, 157370),
        wire.quote(INFY, 157370),
        wire.index_quote(INFY, 157370, (0, 0, 0, 0)),
        wire.full(INFY, 157370, at=0),
    ],
)
def test_a_packet_without_a_time_of_the_exchange_gets_the_one_it_is_given(packet):
    assert tick_of(packet, unstamped_at=17)["exchange_at"] == 17


def test_an_older_time_is_not_told_for_a_packet_without_one():
    board, taken = board_with(wire.full(INFY, 157370, at=AT), wire.ltp(INFY, 157375))

    assert board.ticks(taken.rows, unstamped_at=17)["exchange_at"].tolist() == [17]


def test_a_packet_that_tells_less_leaves_the_rest_as_it_stood():
    board, _ = board_with(
        wire.full(INFY, 157370, at=AT, depth=DEPTH, counts=(7, 900, 1, 2), oi=(3, 3, 3))
    )
    taken = board.take(wire.frame(wire.ltp(INFY, 157375)))

    tick = board.ticks(taken.rows)[0]

    assert (tick["last"], tick["volume"], tick["oi"]) == (1573.75, 900, 3)


def test_a_quote_is_forgotten_when_the_newest_packet_has_no_depth():
    board, taken = board_with(wire.full(INFY, 157370, depth=DEPTH), wire.quote(INFY, 157375))

    tick = board.ticks(taken.rows)[0]

    assert np.isnan([tick["bid"], tick["ask"]]).all()
    assert (tick["bid_quantity"], tick["ask_quantity"]) == (0, 0)
    assert np.isnan(board.depth(taken.rows).bids).all()


def day(last, high, low):
    return wire.frame(wire.quote(INFY, last, ohlc=(10_000, high, low, 9_900)))


def ranges(board, taken):
    tick = board.ticks(taken.rows)[0]
    return tuple(float(tick[name]) for name in ("open", "high", "low", "last"))


def test_the_range_is_the_last_price_where_the_day_s_range_stood_still():
    board = Board([INFY])
    ranges(board, board.take(day(10_000, 10_500, 9_500)))

    assert ranges(board, board.take(day(10_100, 10_500, 9_500))) == (101, 101, 101, 101)


def test_the_first_packet_tells_no_more_than_its_last_price():
    board = Board([INFY])

    assert ranges(board, board.take(day(10_000, 10_500, 9_500))) == (100, 100, 100, 100)


def test_a_new_high_of_the_day_lies_in_the_range_since_the_tick_before():
    board = Board([INFY])
    ranges(board, board.take(day(10_000, 10_500, 9_500)))

    assert ranges(board, board.take(day(10_100, 10_600, 9_500))) == (101, 106, 101, 101)
    assert ranges(board, board.take(day(10_100, 10_600, 9_400))) == (101, 101, 94, 101)
    assert ranges(board, board.take(day(10_100, 10_600, 9_400))) == (101, 101, 101, 101)


def test_the_range_spans_all_packets_since_the_tick_before():
    board = Board([INFY])
    ranges(board, board.take(day(10_000, 10_500, 9_500)))
    for last in (10_200, 10_400):
        board.take(wire.frame(wire.ltp(INFY, last)))
    taken = board.take(wire.frame(wire.ltp(INFY, 10_300), wire.ltp(INFY, 10_100)))

    assert ranges(board, taken) == (102, 104, 101, 101)


def test_the_range_of_a_new_day_is_not_the_one_of_the_day_before():
    board = Board([INFY])
    ranges(board, board.take(day(10_000, 10_500, 9_500)))

    assert ranges(board, board.take(day(10_200, 10_200, 10_200))) == (102, 102, 102, 102)


def test_the_first_trades_of_the_day_all_lie_in_the_range():
    board = Board([INFY])
    ranges(board, board.take(day(0, 0, 0)))

    assert ranges(board, board.take(day(10_000, 10_100, 9_900))) == (100, 101, 99, 100)


def test_no_price_is_no_part_of_a_range():
    board = Board([INFY])
    board.take(day(0, 0, 0))

    assert ranges(board, board.take(wire.frame(wire.ltp(INFY, 10_000)))) == (100, 100, 100, 100)


def test_rows_are_told_once_in_the_order_of_their_first_packet():
    board, taken = board_with(
        wire.ltp(FUTURE, 1), wire.ltp(NIFTY, 2), wire.ltp(FUTURE, 3), wire.ltp(INFY, 4)
    )

    assert taken.rows.tolist() == [2, 0, 1]
    assert board.ticks(taken.rows)["last"].tolist() == [0.03, 0.02, 0.04]


def test_unknown_tokens_and_strange_packets_are_counted_and_passed_over():
    board, taken = board_with(wire.ltp(999, 1), b"123", wire.ltp(INFY, 4), b"", wire.ltp(999, 2))

    assert (taken.unknown.tolist(), taken.strange) == ([999, 999], 2)
    assert board.ticks(taken.rows)["token"].tolist() == [INFY]


def test_a_heartbeat_touches_nothing():
    board, _ = board_with()

    taken = board.take(b"\0")

    assert (len(taken.rows), len(taken.unknown), taken.strange) == (0, 0, 0)


def test_a_damaged_frame_changes_nothing_even_if_its_first_packets_are_whole():
    board, _ = board_with(wire.ltp(INFY, 157370))
    before = board.image()

    with pytest.raises(FrameError):
        board.take(wire.frame(wire.ltp(INFY, 1), wire.ltp(NIFTY, 2))[:-1])

    assert board.image() == before


def test_frames_of_equal_and_of_mixed_packets_are_both_checked_to_their_end():
    board = Board([INFY])
    whole = wire.frame(wire.ltp(INFY, 1), wire.ltp(INFY, 2))

    for frame in (whole + b"\0", whole[:-1], b"\0\3" + whole[2:]):
        with pytest.raises(FrameError):
            board.take(frame)


def test_a_row_that_does_not_exist_is_an_error():
    board = Board([INFY])

    for row in (-1, 1):
        with pytest.raises(IndexError, match="0 to 0"):
            board.ticks(np.array([0, row]))


def test_a_token_stands_once_and_fits_the_wire():
    with pytest.raises(ValueError, match="each once"):
        Board([INFY, INFY])
    for token in (-1, 2**32):
        with pytest.raises(ValueError, match="32 bits"):
            Board([token])


def test_tokens_that_meet_in_the_table_are_all_found():
    tokens = [number * 2**16 + 2 for number in range(1, 4_000)]
    board = Board(tokens)

    taken = board.take(wire.frame(*(wire.ltp(token, 5) for token in reversed(tokens))))

    assert board.tokens[taken.rows].tolist() == tokens[::-1]


def test_a_board_without_rows_knows_no_token():
    assert Board([]).take(wire.frame(wire.ltp(INFY, 1))).unknown.tolist() == [INFY]
    assert len(Board([])) == 0


def test_any_buffer_is_taken():
    board = Board([INFY])

    assert board.take(memoryview(bytearray(wire.frame(wire.ltp(INFY, 1))))).rows.tolist() == [0]


@pytest.mark.shared_data
def test_kite_s_own_sample_packets_are_read_as_its_documentation_says(shared_data):
    folder = shared_data / "reference" / "kite_packets"
    board = Board([INFY])
    ticks = {}
    for name in ("quote", "full"):
        packet = base64.b64decode((folder / f"ticker_{name}.packet").read_text())
        ticks[name] = board.ticks(board.take(wire.frame(packet)).rows)[0]
    rows = np.array([0])

    assert (ticks["quote"]["last"], ticks["quote"]["volume"]) == (1573.15, 1_175_986)
    assert ticks["full"].item() == (
        *(INFY, 1_625_461_887_000_000, 1573.70, 1573.70, 1573.70, 1573.70),
        *(1573.40, 1573.70, 5, 172, 1_192_471, 0),
    )
    assert board.counts("buy_quantity", rows).tolist() == [256_443]
    assert board.prices("average", rows).tolist() == [1570.37]
    assert board.depth(rows).asks[0, 4] == 1573.95
