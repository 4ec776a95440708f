from __future__ import annotations

import pytest

from backoffice.bench.comparison import Change, change_of, delays


def test_a_watched_span_is_held_against_the_mean_of_its_neighbours():
    assert change_of([1.0, 1.2], [1.21]) == Change(
        pytest.approx(10.0),  # type: ignore[arg-type]
        pytest.approx(20.0),  # type: ignore[arg-type]
    )


def test_what_the_machine_does_by_itself_has_no_sign():
    change = change_of([2.0, 1.0, 2.0], [1.5, 1.5])

    assert (change.watched, change.unwatched) == (0.0, 75.0)


@pytest.mark.parametrize(("without", "with_pages"), [([1.0], []), ([1.0, 1.0], [1.0, 1.0])])
def test_spans_that_do_not_take_turns_are_refused(without: list[float], with_pages: list[float]):
    with pytest.raises(ValueError, match="spans"):
        change_of(without, with_pages)


def test_a_step_is_seen_with_the_first_state_as_new():
    happened = [(100.0, 5.0), (101.0, 5.5), (102.0, 6.0)]
    seen = [(99.0, 4.0), (101.0, 5.75), (101.0, 5.8), (102.5, 6.25)]

    assert delays(happened, seen) == [0.75, 0.25, 0.25]


def test_what_was_not_yet_or_no_longer_watched_is_left_out():
    assert delays([(100.0, 5.0), (103.0, 7.0)], [(101.0, 6.0)]) == []
    assert delays([(100.0, 5.0)], []) == []
