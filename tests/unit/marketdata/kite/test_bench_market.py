from __future__ import annotations

import numpy as np

from marketdata.kite.bench_market import ModelledMarket
from marketdata.kite.board import Board
from marketdata.kite.packets import tokens_in


def test_all_instruments_tick_each_second_at_full_rate_in_four_frames():
    market = ModelledMarket(10, rate=1.0)

    frames = list(market.frames(3))

    assert [len(tokens_in(frame)) for frame in frames] == [3, 3, 2, 2] * 3
    assert sorted(token for f in frames[:4] for token in tokens_in(f)) == market.tokens


def test_at_half_the_rate_about_half_of_them_tick():
    ticks = sum(len(tokens_in(frame)) for frame in ModelledMarket(100, rate=0.5).frames(100))

    assert 4_500 < ticks < 5_500


def test_prices_quotes_and_volumes_are_those_of_a_possible_book():
    market = ModelledMarket(50, rate=1.0)
    board = Board(market.tokens)
    rows = np.arange(50)
    board.take(market.whole(1_790_000_000))
    before = board.ticks(rows)

    board.take(market.whole(1_790_000_001))
    after = board.ticks(rows)

    assert (after["bid"] < after["last"]).all()
    assert (after["last"] < after["ask"]).all()
    assert (after["volume"] >= before["volume"]).all()
    assert after["exchange_at"].tolist() == [1_790_000_001_000_000] * 50
    assert (board.prices("low", rows) <= after["last"]).all()
    assert (after["last"] <= board.prices("high", rows)).all()


def test_the_same_seed_gives_the_same_frames():
    assert list(ModelledMarket(5, 1.0, seed=3).frames(2)) == list(
        ModelledMarket(5, 1.0, seed=3).frames(2)
    )
