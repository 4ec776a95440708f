"""A made day told through the wire: the same ticks come out at the other end, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from execution.kitesim.market import Market
from execution.kitesim.wire import RANKS, frame_of
from marketdata.kite.board import Board
from marketdata.kite.layout import Mode
from marketdata.tape import TapeReader
from tests.made_day import made_day

STEPS = 400


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return TapeReader(made_day(tmp_path_factory.mktemp("day")).tape_path)


def in_order(ticks):
    return ticks[np.argsort(ticks["token"])]


def test_every_tick_in_full_mode_is_the_one_of_the_tape(tape):
    market = Market(tape)
    board = Board([item.token for item in market.instruments])

    for _ in range(STEPS):
        frame = market.step()
        ranks = np.full(len(market.touched), RANKS[Mode.FULL], np.int8)
        taken = board.take(frame_of(market.state.packets[market.touched], ranks))

        assert in_order(board.ticks(taken.rows)).tobytes() == in_order(frame.ticks).tobytes()
