from __future__ import annotations

import pytest

from marketdata.kite.frames import FrameError
from marketdata.kite.packets import frames_of, keep_newest, tokens_in
from tests.kite_frames import NIFTY, Packet, at, frame, index_packet


def test_the_tokens_of_mixed_packets_come_in_their_order():
    data = frame(Packet(514, 1), index_packet(NIFTY, 5, at(9, 15)), Packet(258, 1))

    assert tokens_in(data).tolist() == [514, NIFTY, 258]


def test_a_heartbeat_and_an_empty_frame_name_nobody():
    assert tokens_in(b"\0").tolist() == tokens_in(b"\0\0").tolist() == []


def test_a_token_of_the_upper_half_of_the_numbers_is_read_unsigned():
    assert tokens_in(frame(b"\xff\xff\xff\x02" + bytes(4))).tolist() == [0xFFFFFF02]


def test_a_packet_too_short_for_a_token_names_nobody():
    assert tokens_in(frame(b"abc", b"", Packet(258, 1))).tolist() == [258]


@pytest.mark.parametrize("data", [b"", frame(Packet(258, 1))[:-1], frame(Packet(258, 1)) + b"\0"])
def test_a_frame_that_is_not_whole_changes_nothing(data):
    newest = {}

    with pytest.raises(FrameError):
        keep_newest(data, newest)

    assert newest == {}


def test_kept_packets_make_one_frame_or_as_many_as_their_number_needs():
    newest = {}
    keep_newest(frame(*(bytes([0, k >> 8, k & 255, 2]) for k in range(40_000))), newest)

    frames = frames_of(newest)

    assert [int.from_bytes(each[:2], "big") for each in frames] == [32_767, 7_233]
    assert [token for each in frames for token in tokens_in(each).tolist()] == list(newest)
    assert frames_of({}) == ()
