from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.kite.exchange_clock import ExchangeClock, heard
from marketdata.kite.layout import FULL_PACKET, INDEX_FULL_PACKET, LTP_PACKET, QUOTE_PACKET
from marketdata.kite.link import LinkFailed, Receiver

OPENS = datetime(2026, 10, 6, 9, 15, tzinfo=IST)
CLOSES = datetime(2026, 10, 6, 15, 30, tzinfo=IST)
TEN = datetime(2026, 10, 6, 10, 0, tzinfo=IST)


def packet(dtype: np.dtype[Any], at: datetime | None = None, token: int = 256) -> bytes:
    row = np.zeros(1, dtype)
    row["token"] = token
    if at is not None:
        row["exchange_at"] = int(at.timestamp())
    return len(row.tobytes()).to_bytes(2, "big") + row.tobytes()


def frame(*packets: bytes) -> bytes:
    return len(packets).to_bytes(2, "big") + b"".join(packets)


def clock() -> ExchangeClock:
    return ExchangeClock(OPENS, CLOSES)


def test_before_anything_is_heard_it_stands_at_the_opening():
    assert clock().now() == OPENS


@pytest.mark.parametrize("dtype", [FULL_PACKET, INDEX_FULL_PACKET])
def test_it_stands_at_the_exchange_time_of_what_was_heard(dtype):
    known = clock()

    known.hear(frame(packet(dtype, TEN)))

    assert known.now() == TEN
    assert known.now().tzinfo is IST


def test_of_many_packets_the_newest_counts():
    known, late = clock(), TEN + timedelta(seconds=2)

    known.hear(
        frame(
            packet(FULL_PACKET, TEN),
            packet(INDEX_FULL_PACKET, late),
            packet(FULL_PACKET, TEN + timedelta(seconds=1)),
            packet(LTP_PACKET),
        )
    )

    assert known.now() == late


def test_it_never_runs_backwards():
    known = clock()
    known.hear(frame(packet(FULL_PACKET, TEN)))

    known.hear(frame(packet(FULL_PACKET, TEN - timedelta(minutes=1))))

    assert known.now() == TEN


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"",
        frame(packet(LTP_PACKET), packet(QUOTE_PACKET)),
        frame(packet(FULL_PACKET)),
        frame(packet(FULL_PACKET, TEN))[:-1],
        frame(packet(FULL_PACKET, CLOSES + timedelta(seconds=1))),
    ],
    ids=["heartbeat", "empty", "no times", "no time yet", "torn", "after the close"],
)
def test_what_tells_no_time_of_the_session_leaves_it_alone(data):
    known = clock()
    known.hear(frame(packet(FULL_PACKET, TEN)))

    known.hear(data)

    assert known.now() == TEN


def test_the_end_of_the_day_comes_without_a_frame():
    known = clock()

    known.end_at(CLOSES)

    assert known.now() == CLOSES


class Notes:
    def __init__(self, known: ExchangeClock) -> None:
        self.known = known
        self.came: list[object] = []

    def binary(self, data: bytes) -> None:
        self.came.append((data, self.known.now()))

    def text(self, data: bytes) -> None:
        self.came.append(data)

    def pong(self) -> None:
        self.came.append("pong")

    def lost(self, reason: str) -> None:
        self.came.append(reason)


async def test_a_link_is_heard_before_its_receiver_gets_what_came():
    known = clock()
    notes, given = Notes(known), []

    async def open_link(url: str, receiver: Receiver, within: float) -> Any:
        given.append((url, within))
        receiver.binary(frame(packet(FULL_PACKET, TEN)))
        receiver.text(b"{}")
        receiver.pong()
        receiver.lost("gone")
        return "the link"

    link: object = await heard(known, open_link)("ws://somewhere", notes, 3.0)

    assert link == "the link"
    assert given == [("ws://somewhere", 3.0)]
    assert notes.came == [(frame(packet(FULL_PACKET, TEN)), TEN), b"{}", "pong", "gone"]


async def test_a_link_that_fails_fails_as_before():
    async def open_link(url: str, receiver: Receiver, within: float) -> Any:
        raise LinkFailed("nobody there")

    with pytest.raises(LinkFailed, match="nobody there"):
        await heard(clock(), open_link)("ws://somewhere", Notes(clock()), 1.0)
