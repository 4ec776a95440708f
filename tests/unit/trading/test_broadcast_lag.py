from __future__ import annotations

from trading.broadcast_lag import Lag


def test_nothing_read_is_nothing_behind() -> None:
    lag = Lag()

    assert (lag.records, lag.seconds(100.0)) == (0, 0.0)


def test_the_oldest_record_that_is_no_row_tells_the_seconds() -> None:
    lag = Lag()
    lag.read_up_to(10, 1.0)
    lag.read_up_to(30, 2.0)
    lag.read_up_to(60, 3.0)

    lag.projected_up_to(10, 4.0)

    assert (lag.records, lag.seconds(5.0)) == (50, 3.0)


def test_a_recorder_that_is_always_a_moment_behind_does_not_fall_back_for_ever() -> None:
    lag = Lag()
    for step in range(1, 1_000):
        lag.read_up_to(step * 500, float(step))
        lag.projected_up_to((step - 1) * 500, float(step))

    assert (lag.records, lag.seconds(1_000.0)) == (500, 1.0)


def test_half_a_batch_still_waits_since_the_batch_was_read() -> None:
    lag = Lag()
    lag.read_up_to(100, 1.0)

    lag.projected_up_to(40, 2.0)

    assert (lag.records, lag.seconds(4.0)) == (60, 3.0)


def test_rows_that_the_live_state_does_not_know_yet_are_lag_too() -> None:
    lag = Lag()
    lag.projected_up_to(90, 1.0)
    lag.read_up_to(50, 2.0)
    lag.projected_up_to(90, 3.0)

    assert (lag.records, lag.seconds(9.0)) == (40, 8.0)

    lag.read_up_to(90, 9.0)

    assert (lag.records, lag.seconds(9.0)) == (0, 0.0)
