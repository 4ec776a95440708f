from __future__ import annotations

import numpy as np
import pytest

from marketdata.features.atr import ATR
from marketdata.features.board import FeatureBoard, rows_of, run
from marketdata.features.catalogue import ONE_OF_EACH
from marketdata.features.ema import EMA


def test_equal_features_share_one_memory():
    board = FeatureBoard([EMA(period=9), ATR(), EMA(period=9)], columns=3)

    assert board.features == (EMA(period=9), ATR())
    assert board.warm_up == 14


def test_warming_leaves_what_stepping_leaves(make_market):
    grid = make_market(9, rows=100, columns=4, holes=True)
    warmed, walked = FeatureBoard(ONE_OF_EACH, 4), FeatureBoard(ONE_OF_EACH, 4)
    warmed.warm(grid)
    for t in range(100):
        walked.step(grid.row(t))
    following = make_market(10, rows=1, columns=4, holes=False).row(0)

    ours, theirs = warmed.step(following), walked.step(following)

    for feature in ONE_OF_EACH:
        for name in feature.outputs:
            assert ours[feature][name].tobytes() == theirs[feature][name].tobytes()


def test_a_run_tells_row_by_row_what_steps_tell(make_market):
    grid = make_market(11, rows=100, columns=4, holes=True)
    board = FeatureBoard(ONE_OF_EACH, 4)

    whole = run([*ONE_OF_EACH, EMA(period=34)], grid)

    assert len(whole) == len(ONE_OF_EACH)
    for t in range(100):
        for feature, outputs in board.step(grid.row(t)).items():
            for name, values in outputs.items():
                assert values.shape == (4,)
                assert whole[feature][name][t].tobytes() == values.tobytes()


def test_histories_taken_one_behind_the_other_tell_what_a_run_over_all_tells(make_market):
    grid = make_market(12, rows=100, columns=4, holes=True)
    board, whole = FeatureBoard(ONE_OF_EACH, 4), run(ONE_OF_EACH, grid)

    for first, last in ((0, 37), (37, 38), (38, 100)):
        part = board.over(rows_of(grid, first, last))
        for feature in ONE_OF_EACH:
            for name in feature.outputs:
                expected = whole[feature][name][first:last]
                assert part[feature][name].tobytes() == expected.tobytes(), (feature, name)


def test_what_a_step_returned_stays_as_it_was(make_market):
    grid = make_market(12, rows=3, columns=2, holes=False)
    board = FeatureBoard([EMA(period=1)], 2)
    first = board.step(grid.row(0))[EMA(period=1)]["ema"]
    kept = first.copy()

    board.step(grid.row(1))

    np.testing.assert_array_equal(first, kept)


def test_no_features_are_no_outputs(make_market):
    board = FeatureBoard([], 2)

    assert board.step(make_market(13, rows=1, columns=2, holes=False).row(0)) == {}
    assert board.warm_up == 0


def test_bars_of_another_width_are_refused(make_market):
    board = FeatureBoard([ATR()], 2)
    grid = make_market(14, rows=2, columns=3, holes=False)

    with pytest.raises(ValueError, match="columns: bars have 3, expected 2"):
        board.step(grid.row(0))
    with pytest.raises(ValueError, match="columns: bars have 3, expected 2"):
        board.warm(grid)
