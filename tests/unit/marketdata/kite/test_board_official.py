"""The board against the parser of Kite's own Python client: equal, but for its known defects."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kiteconnect import KiteTicker

from marketdata.kite.board import Board, FrameError
from tests.unit.marketdata.kite import packets as wire

OFFICIAL = KiteTicker("key", "token")
SEGMENTS = (1, 2, 3, 4, 5, 6, 7, 8, 12)
PRICES = st.integers(0, 2**31 - 1)
COUNTS = st.integers(0, 2**32 - 1)
SECONDS = st.integers(1, 2**32 - 1)
FOUR = st.tuples(PRICES, PRICES, PRICES, PRICES)
LEVELS = st.tuples(COUNTS, st.integers(1, 2**31 - 1), st.integers(0, 2**16 - 1))


def token_of(segments):
    return st.builds(
        lambda number, segment: number << 8 | segment,
        st.integers(0, 2**24 - 1),
        st.sampled_from(segments),
    )


@st.composite
def packets(draw):
    kind = draw(st.sampled_from(("ltp", "index", "index full", "quote", "full")))
    token = draw(token_of((9,) if kind.startswith("index") else SEGMENTS))
    last = draw(PRICES)
    fields = {
        "ohlc": draw(FOUR),
        "counts": draw(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS)),
        "average": draw(PRICES),
    }
    match kind:
        case "ltp":
            return wire.ltp(token, last)
        case "index":
            return wire.index_quote(token, last, fields["ohlc"])
        case "index full":
            return wire.index_full(token, last, fields["ohlc"], draw(SECONDS))
        case "quote":
            return wire.quote(token, last, **fields)
        case _:
            oi = draw(st.tuples(COUNTS, COUNTS, COUNTS))
            depth = draw(st.lists(LEVELS, min_size=10, max_size=10))
            at, traded_at = draw(SECONDS), draw(SECONDS)
            return wire.full(token, last, at=at, traded_at=traded_at, oi=oi, depth=depth, **fields)


def fields_of(board, row, told):
    """Return what the board tells of a row, in the words and the extent of the official client."""
    rows = np.array([row])
    tick = board.ticks(rows)[0]
    found = {"instrument_token": int(tick["token"]), "last_price": float(tick["last"])}
    if "ohlc" in told:
        names = ("high", "low", "open", "close")
        found["ohlc"] = {name: float(board.prices(name, rows)[0]) for name in names}
    if "volume_traded" in told:
        found["last_traded_quantity"] = int(board.counts("last_quantity", rows)[0])
        found["average_traded_price"] = float(board.prices("average", rows)[0])
        found["volume_traded"] = int(tick["volume"])
        found["total_buy_quantity"] = int(board.counts("buy_quantity", rows)[0])
        found["total_sell_quantity"] = int(board.counts("sell_quantity", rows)[0])
    if "depth" in told:
        found["oi"] = int(tick["oi"])
        found["oi_day_high"] = int(board.counts("oi_high", rows)[0])
        found["oi_day_low"] = int(board.counts("oi_low", rows)[0])
        found["depth"] = depth_of(board.depth(rows), tick)
    return found


def depth_of(depth, tick):
    sides = {
        "buy": (depth.bids, depth.bid_quantities, depth.bid_orders),
        "sell": (depth.asks, depth.ask_quantities, depth.ask_orders),
    }
    assert (tick["bid"], tick["ask"]) == (depth.bids[0, 0], depth.asks[0, 0])
    assert tick["bid_quantity"] == depth.bid_quantities[0, 0]
    assert tick["ask_quantity"] == depth.ask_quantities[0, 0]
    return {
        side: [
            {"quantity": quantity, "price": price, "orders": orders}
            for price, quantity, orders in zip(
                *(column[0].tolist() for column in columns), strict=True
            )
        ]
        for side, columns in sides.items()
    }


def timed(told):
    """Return the official client's times as seconds, whatever zone this machine is in."""
    return {
        name: None if told[name] is None else int(told[name].timestamp())
        for name in ("exchange_timestamp", "last_trade_time")
        if name in told
    }


@settings(max_examples=200, deadline=None)
@given(st.lists(packets(), max_size=8, unique_by=lambda packet: packet[:4]))
def test_every_field_is_what_the_official_client_reads(drawn):
    frame = wire.frame(*drawn)
    board = Board([int.from_bytes(packet[:4], "big") for packet in drawn])

    rows = board.take(frame).rows
    official = OFFICIAL._parse_binary(frame)

    assert rows.tolist() == list(range(len(official)))
    for row, told in zip(rows.tolist(), official, strict=True):
        times = timed(told)
        if "exchange_timestamp" in times:
            stamp = board.ticks(np.array([row]))["exchange_at"].tolist()
            assert stamp == [times["exchange_timestamp"] * 1_000_000]
        if "last_trade_time" in times:
            stamp = board.moments("traded_at", np.array([row])).tolist()
            assert stamp == [times["last_trade_time"] * 1_000_000]
        left_out = {"tradable", "mode", "change", "exchange_timestamp", "last_trade_time"}
        expected = {name: value for name, value in told.items() if name not in left_out}
        assert fields_of(board, row, told) == expected


def test_defect_a_price_below_zero_is_read_as_one_of_forty_millions():
    frame = wire.frame(wire.ltp(258, -200))

    assert OFFICIAL._parse_binary(frame)[0]["last_price"] == 42_949_670.96
    assert Board([258]).take(frame).rows.tolist() == [0]
    board = Board([258])
    assert board.ticks(board.take(frame).rows)["last"].tolist() == [-2.0]


def test_defect_times_are_naive_and_of_the_machine_s_zone():
    frame = wire.frame(wire.full(258, 100, at=1_625_461_887))

    told = OFFICIAL._parse_binary(frame)[0]["exchange_timestamp"]
    board = Board([258])

    assert told == datetime.fromtimestamp(1_625_461_887)
    assert told.tzinfo is None
    tick = board.ticks(board.take(frame).rows)[0]
    assert tick["exchange_at"] == 1_625_461_887_000_000


def test_defect_no_time_is_told_as_the_year_1970():
    frame = wire.frame(wire.full(258, 100, at=0))

    assert OFFICIAL._parse_binary(frame)[0]["exchange_timestamp"] == datetime.fromtimestamp(0)
    board = Board([258])
    assert board.ticks(board.take(frame).rows, unstamped_at=5)["exchange_at"].tolist() == [5]


def test_defect_an_empty_level_is_told_as_a_price_of_zero():
    frame = wire.frame(wire.full(258, 100))

    assert OFFICIAL._parse_binary(frame)[0]["depth"]["buy"][0]["price"] == 0
    board = Board([258])
    assert np.isnan(board.ticks(board.take(frame).rows)["bid"]).all()


def test_defect_packets_of_unknown_length_vanish_without_a_count():
    frame = wire.frame(b"0" * 60, wire.ltp(258, 100))

    assert len(OFFICIAL._parse_binary(frame)) == 1
    assert Board([258]).take(frame).strange == 1


def test_defect_a_frame_cut_short_loses_its_last_packet_in_silence():
    frame = wire.frame(wire.ltp(258, 100), wire.ltp(514, 100))[:-1]

    assert len(OFFICIAL._parse_binary(frame)) == 1
    with pytest.raises(FrameError):
        Board([258, 514]).take(frame)


def test_defect_bytes_behind_the_packets_are_ignored():
    frame = wire.frame(wire.ltp(258, 100)) + b"\0\0\0"

    assert len(OFFICIAL._parse_binary(frame)) == 1
    with pytest.raises(FrameError):
        Board([258]).take(frame)


def test_defect_a_frame_cut_within_a_length_raises_what_has_no_name():
    frame = wire.frame(wire.ltp(258, 100), wire.ltp(514, 100))[:13]

    with pytest.raises(Exception, match="unpack requires"):
        OFFICIAL._parse_binary(frame)
    with pytest.raises(FrameError):
        Board([258, 514]).take(frame)
