from __future__ import annotations

import pytest

from marketdata.kite.frames import FrameError, split
from tests.unit.marketdata.kite import packets as wire


def test_packets_are_gathered_by_kind_in_their_order():
    frame = wire.frame(
        wire.ltp(408065, 157370), wire.quote(738561, 290000), wire.ltp(738561, 290005)
    )

    packets = split(frame)

    assert list(packets) == [8, 44]
    assert packets[8]["token"].tolist() == [408065, 738561]
    assert packets[8]["last"].tolist() == [157370, 290005]
    assert packets[44]["last"].tolist() == [290000]


def test_a_packet_of_no_known_kind_stays_plain_bytes():
    packets = split(wire.frame(b"abc", b""))

    assert packets[3].tolist() == [b"abc"]
    assert len(packets[0]) == 1


def test_a_price_below_zero_is_read_signed():
    assert split(wire.frame(wire.ltp(1, -3763)))[8]["last"].tolist() == [-3763]


def test_a_heartbeat_has_no_packets():
    assert split(b"\0") == {}


def test_a_view_is_read_like_the_bytes_it_shows():
    frame = bytearray(b"xx" + wire.frame(wire.ltp(1, 5)))

    assert split(memoryview(frame)[2:])[8]["last"].tolist() == [5]


@pytest.mark.parametrize("size", [0, *range(2, 12)])
def test_a_frame_that_ends_early_is_refused(size):
    with pytest.raises(FrameError):
        split(wire.frame(wire.ltp(408065, 157370))[:size])


def test_bytes_behind_the_last_packet_are_refused():
    with pytest.raises(FrameError, match="13 bytes that tell 1 packets, bytes are left"):
        split(wire.frame(wire.ltp(408065, 157370)) + b"\0")


def test_the_error_tells_where_the_frame_breaks():
    frame = wire.frame(wire.ltp(1, 1), wire.ltp(2, 2))

    with pytest.raises(FrameError, match="it ends within packet 2"):
        split(frame[:-1])
