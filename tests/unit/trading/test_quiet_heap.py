from __future__ import annotations

import gc
import weakref

from trading.quiet_heap import quiet_heap


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
