from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.tape_frames import Arrivals, grouped, merged
from marketdata.ticks import TICK

SECOND = 1_000_000


def arriving(*told: tuple[int, int, float]) -> Arrivals:
    ticks = np.zeros(len(told), TICK)
    ticks["token"] = [token for _, token, _ in told]
    ticks["last"] = [last for _, _, last in told]
    return Arrivals(np.array([at for at, _, _ in told], np.int64), ticks)


def told(arrivals: Arrivals) -> list[tuple[int, list[tuple[int, float]]]]:
    return [
        (at, list(zip(ticks["token"].tolist(), ticks["last"].tolist(), strict=True)))
        for at, ticks in grouped(arrivals)
    ]


def test_ticks_of_one_moment_share_a_frame() -> None:
    arrivals = arriving((SECOND, 1, 10.0), (2 * SECOND, 1, 11.0), (SECOND, 2, 20.0))

    assert told(arrivals) == [(SECOND, [(1, 10.0), (2, 20.0)]), (2 * SECOND, [(1, 11.0)])]


def test_a_token_that_comes_again_in_a_moment_gets_frames_a_millisecond_apart() -> None:
    arrivals = arriving((SECOND, 1, 10.0), (SECOND, 2, 20.0), (SECOND, 1, 11.0), (SECOND, 1, 12.0))

    assert told(arrivals) == [
        (SECOND, [(1, 10.0), (2, 20.0)]),
        (SECOND + 1000, [(1, 11.0)]),
        (SECOND + 2000, [(1, 12.0)]),
    ]


def test_a_moment_too_full_to_be_split_is_refused() -> None:
    with pytest.raises(ValueError, match="at: too many"):
        list(grouped(arriving((0, 1, 1.0), (0, 1, 2.0), (1000, 1, 3.0))))


@given(
    st.lists(
        st.tuples(st.integers(0, 5).map(lambda at: at * SECOND), st.integers(1, 3), st.floats(1, 9))
    )
)
def test_every_tick_comes_out_once_in_order_with_no_token_twice_in_a_frame(
    rows: list[tuple[int, int, float]],
) -> None:
    frames = told(arriving(*rows))

    times = [at for at, _ in frames]
    assert times == sorted(set(times))
    for _, frame in frames:
        assert len({token for token, _ in frame}) == len(frame)
    for token in (1, 2, 3):
        assert [last for _, frame in frames for known, last in frame if known == token] == [
            last for _, known, last in sorted(rows, key=lambda row: row[0]) if known == token
        ]


def test_arrivals_of_several_tokens_are_joined() -> None:
    both = merged([arriving((SECOND, 1, 10.0)), arriving((0, 2, 20.0))])

    assert told(both) == [(0, [(2, 20.0)]), (SECOND, [(1, 10.0)])]
