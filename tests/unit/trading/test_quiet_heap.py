from __future__ import annotations

import gc
import weakref

from trading.quiet_heap import quiet_heap, searched_on_request


class Knot:
    """Refers to itself, so that only a search finds it unused."""

    def __init__(self) -> None:
        self.itself = self


def test_what_stood_before_is_left_out_of_searches_until_the_block_ends():
    before = gc.get_freeze_count()

    with quiet_heap():
        searched = len(gc.get_objects())
        left_out = gc.get_freeze_count()

    assert left_out > 10 * searched
    assert gc.get_freeze_count() == before == 0


def test_what_becomes_unused_within_the_block_is_still_found():
    with quiet_heap():
        knot = weakref.ref(Knot())
        gc.collect()
        assert knot() is None


def test_what_stood_before_and_becomes_unused_is_found_after_the_block():
    knot = Knot()
    told = weakref.ref(knot)

    with quiet_heap():
        del knot
        gc.collect()
        assert told() is not None

    gc.collect()
    assert told() is None


def test_on_request_unused_objects_are_found_when_asked_and_not_before():
    with searched_on_request() as search:
        knot = weakref.ref(Knot())
        assert not gc.isenabled()
        assert knot() is not None

        search()

        assert knot() is None
    assert gc.isenabled()


def test_what_a_search_on_request_left_is_looked_at_again_after_the_block():
    with searched_on_request() as search:
        knot = Knot()
        told = weakref.ref(knot)
        search()
        del knot
        search()
        assert told() is not None

    gc.collect()
    assert told() is None


def test_a_process_that_never_searches_by_itself_does_not_begin_to():
    gc.disable()
    try:
        with searched_on_request():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
