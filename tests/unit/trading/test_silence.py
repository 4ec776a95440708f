from __future__ import annotations

from trading.silence import Silence


def test_a_counter_that_stands_is_silent_for_as_long_as_we_looked():
    silence = Silence()

    seconds = [silence.seconds_of(1, now) for now in (10.0, 10.25, 10.5)]

    assert seconds == [0.0, 0.25, 0.5]


def test_a_counter_that_moved_is_not_silent():
    silence = Silence()
    silence.seconds_of(1, 10.0)
    silence.seconds_of(1, 10.4)

    assert silence.seconds_of(2, 10.5) == 0.0


def test_a_gap_between_two_looks_counts_half_a_second():
    silence = Silence()
    silence.seconds_of(1, 10.0)

    assert silence.seconds_of(1, 70.0) == 0.5
