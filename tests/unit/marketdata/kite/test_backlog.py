from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from marketdata.kite.backlog import Backlog
from marketdata.kite.board import Board
from marketdata.kite.news import WireFrame
from tests.kite_frames import Packet, at, frame

TOKENS = (258, 514, 770)
PACKETS = st.lists(
    st.tuples(st.sampled_from(TOKENS), st.integers(100, 10_000)), min_size=1, max_size=4
)


def wire(data: bytes, seconds: int = 0) -> WireFrame:
    return WireFrame(at(9, 15) + timedelta(seconds=seconds), data)


def test_frames_within_the_limit_come_out_as_they_came_in():
    backlog, one, two = Backlog(1_000), wire(frame(Packet(258, 100))), wire(b"\0\1\0", 1)

    backlog.add(one)
    backlog.add(two)

    assert backlog.take() == (one, two)
    assert backlog.take() == ()
    assert backlog.conflated == backlog.damaged == 0


def test_beyond_the_limit_the_newest_packet_of_each_instrument_is_kept_and_the_rest_counted():
    backlog = Backlog(0)
    backlog.add(wire(frame(Packet(258, 100), Packet(514, 200))))
    backlog.add(wire(frame(Packet(258, 101)), 1))
    backlog.add(wire(frame(Packet(258, 102)), 2))

    assert backlog.take() == (wire(frame(Packet(258, 102), Packet(514, 200)), 2),)
    assert backlog.conflated == 2


def test_after_the_pressure_frames_are_kept_whole_again():
    backlog = Backlog(200)
    for last in (100, 101, 102):
        backlog.add(wire(frame(Packet(258, last))))
    assert len(backlog.take()) == 2

    backlog.add(
        wire(
            frame(
                Packet(258, 103),
            )
        )
    )

    assert backlog.take() == (wire(frame(Packet(258, 103))),)
    assert backlog.conflated == 1


def test_a_damaged_frame_under_pressure_is_counted_and_leaves_the_others_alone():
    backlog = Backlog(0)
    backlog.add(wire(frame(Packet(258, 100))))

    backlog.add(wire(frame(Packet(258, 101))[:-1]))
    backlog.add(wire(b""))

    assert backlog.take() == (wire(frame(Packet(258, 100))),)
    assert backlog.damaged == 2


@given(frames=st.lists(PACKETS, min_size=1, max_size=12), limit=st.integers(0, 2_000))
def test_a_conflated_reader_ends_with_the_same_board_as_one_who_kept_up(frames, limit):
    backlog, kept_up, late = Backlog(limit), Board(TOKENS), Board(TOKENS)
    packets = 0
    for told in frames:
        data = frame(*(Packet(token, last) for token, last in told))
        kept_up.take(data)
        backlog.add(wire(data))
        packets += len(told)

    taken = sum(
        int.from_bytes(each.data[:2], "big")
        for each in backlog.take()
        if len(late.take(each.data).rows)
    )

    assert [late.packet(row) for row in range(3)] == [kept_up.packet(row) for row in range(3)]
    assert taken + backlog.conflated == packets
