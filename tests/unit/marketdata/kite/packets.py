"""Packets packed with `struct`, so that neither side's layout is taken on trust."""

from __future__ import annotations

import struct

LEVEL = (0, 0, 0)
NO_DEPTH = (LEVEL,) * 10


def ltp(token, last):
    return struct.pack(">Ii", token, last)


def index_quote(token, last, ohlc, change=0):
    """`ohlc` in that order; on the wire it is high, low, open, close."""
    first, high, low, close = ohlc
    return struct.pack(">I6i", token, last, high, low, first, close, change)


def index_full(token, last, ohlc, at, change=0):
    return index_quote(token, last, ohlc, change) + struct.pack(">I", at)


def quote(token, last, ohlc=(0, 0, 0, 0), counts=(0, 0, 0, 0), average=0):
    """`counts`: last quantity, volume, total to buy, total to sell."""
    quantity, volume, buy, sell = counts
    return struct.pack(">IiIiIII4i", token, last, quantity, average, volume, buy, sell, *ohlc)


def full(token, last, *, at=0, traded_at=0, oi=(0, 0, 0), depth=NO_DEPTH, **fields):
    """`depth`: quantity, price and orders of five bids, then of five asks."""
    head = quote(token, last, **fields) + struct.pack(">5I", traded_at, *oi, at)
    return head + b"".join(struct.pack(">IiHxx", *level) for level in depth)


def frame(*packets):
    parts = (struct.pack(">H", len(packet)) + packet for packet in packets)
    return struct.pack(">H", len(packets)) + b"".join(parts)
