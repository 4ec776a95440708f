from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from kiteconnect import KiteTicker

from execution.kitesim.wire import (
    HEARTBEAT,
    RANKS,
    error_text,
    frame_of,
    notice_text,
    order_text,
)
from marketdata.kite.board import Board
from marketdata.kite.layout import FULL_PACKET, Mode

OFFICIAL = KiteTicker("key", "token")
NIFTY, INFY, FUTURE = 256265, 408065, 14866434


def packets(*tokens):
    rows = np.zeros(len(tokens), FULL_PACKET)
    rows["token"] = tokens
    rows["last"], rows["close"] = 157_370, 156_780
    rows["open"], rows["high"], rows["low"] = 156_915, 157_500, 156_105
    rows["volume"], rows["exchange_at"], rows["oi"] = 1_192_471, 1_625_461_887, 12
    rows["bids"]["price"], rows["bids"]["quantity"] = 157_340, 5
    return rows


def ranks(*modes):
    return np.array([RANKS[mode] if mode else 0 for mode in modes], np.int8)


def test_each_row_is_told_in_its_mode():
    frame = frame_of(
        packets(NIFTY, INFY, FUTURE, 265),
        ranks(Mode.FULL, Mode.FULL, Mode.QUOTE, Mode.LTP),
    )

    told = {tick["instrument_token"]: tick for tick in OFFICIAL._parse_binary(frame)}

    assert {token: tick["mode"] for token, tick in told.items()} == {
        **{NIFTY: "full", INFY: "full", FUTURE: "quote", 265: "ltp"}
    }
    assert "depth" not in told[NIFTY]
    assert told[INFY]["depth"]["buy"][0] == {"quantity": 5, "price": 1573.4, "orders": 0}


def test_an_index_in_quote_mode_has_its_own_packet_with_its_change():
    frame = frame_of(packets(NIFTY), ranks(Mode.QUOTE))

    assert len(frame) == 2 + 2 + 28
    assert int.from_bytes(frame[-4:], "big", signed=True) == 157_370 - 156_780
    assert OFFICIAL._parse_binary(frame)[0]["ohlc"] == {
        **{"high": 1575.0, "low": 1561.05, "open": 1569.15, "close": 1567.8}
    }


def test_what_is_not_subscribed_is_not_told():
    frame = frame_of(packets(NIFTY, INFY), ranks(None, Mode.LTP))

    assert [tick["instrument_token"] for tick in OFFICIAL._parse_binary(frame)] == [INFY]
    assert frame_of(packets(NIFTY), ranks(None)) == b"\0\0"


words = st.integers(0, 2**31 - 1)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(words, words, words, words, words), min_size=1, max_size=6))
def test_what_goes_out_comes_in(rows):
    sent = np.zeros(len(rows), FULL_PACKET)
    sent["token"] = [256 * number + 2 for number in range(len(rows))]
    for name, column in zip(
        ("last", "volume", "high", "oi", "exchange_at"), zip(*rows, strict=True), strict=True
    ):
        sent[name] = column
    board = Board(sent["token"].astype(np.int64))

    taken = board.take(frame_of(sent, np.full(len(rows), 3, np.int8)))

    assert [board.packet(row) for row in taken.rows] == [row.tobytes() for row in sent]


def test_a_heartbeat_is_one_byte():
    assert len(HEARTBEAT) == 1


def test_texts_carry_their_kind():
    assert json.loads(order_text({"order_id": "1", "tag": None})) == {
        "type": "order",
        "data": {"order_id": "1", "tag": None},
    }
    assert json.loads(error_text("no")) == {"type": "error", "data": "no"}
    assert json.loads(notice_text("hear")) == {"type": "message", "data": "hear"}
