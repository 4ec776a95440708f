from __future__ import annotations

import numpy as np
import pytest

from marketdata.kite.layout import (
    FULL_PACKET,
    INDEX_FULL_PACKET,
    INDEX_QUOTE_PACKET,
    LTP_PACKET,
    PACKETS,
    QUOTE_PACKET,
    divisors_of,
    segment_of,
)


def test_every_kind_has_the_length_that_names_it():
    assert sorted(PACKETS) == [8, 28, 32, 44, 184]


@pytest.mark.parametrize(
    ("dtype", "field", "offset"),
    [
        (LTP_PACKET, "last", 4),
        (INDEX_QUOTE_PACKET, "high", 8),
        (INDEX_QUOTE_PACKET, "low", 12),
        (INDEX_QUOTE_PACKET, "open", 16),
        (INDEX_QUOTE_PACKET, "close", 20),
        (INDEX_FULL_PACKET, "exchange_at", 28),
        (QUOTE_PACKET, "last_quantity", 8),
        (QUOTE_PACKET, "average", 12),
        (QUOTE_PACKET, "volume", 16),
        (QUOTE_PACKET, "buy_quantity", 20),
        (QUOTE_PACKET, "sell_quantity", 24),
        (QUOTE_PACKET, "open", 28),
        (QUOTE_PACKET, "high", 32),
        (QUOTE_PACKET, "low", 36),
        (QUOTE_PACKET, "close", 40),
        (FULL_PACKET, "traded_at", 44),
        (FULL_PACKET, "oi", 48),
        (FULL_PACKET, "exchange_at", 60),
        (FULL_PACKET, "bids", 64),
        (FULL_PACKET, "asks", 124),
    ],
)
def test_a_field_stands_where_the_protocol_says(dtype, field, offset):
    assert dtype.fields[field][1] == offset


def test_the_segment_is_the_lowest_byte_of_a_token():
    assert segment_of(256265) == 9
    assert segment_of(14866434) == 2


def test_currencies_have_units_of_their_own():
    tokens = np.array([256265, 408065, 14866434, 3, 6, 12])

    assert divisors_of(tokens).tolist() == [100, 100, 100, 10_000_000, 10_000, 10_000]
