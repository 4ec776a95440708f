from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from trading.snapshot_form import Teller, made_again


@dataclass(frozen=True)
class Setup:
    """What never changes."""

    names: tuple[str, ...]
    closes: Any = field(default_factory=lambda: np.array([1.0, 2.0]))


@dataclass
class Life:
    """What changes, and refers to what doesn't."""

    setup: Setup
    first: str
    seen: list[object] = field(default_factory=list)


def again(teller: Teller, thing: object, lasting: object) -> Any:
    told = teller.told(thing, lasting)
    return made_again(told.objects, map(bytearray, told.arrays))


def test_what_is_shared_with_what_lasts_is_shared_again():
    setup = Setup(("INFY", "TCS"))
    life = Life(setup, setup.names[0], [setup.closes, setup])

    made = again(Teller(), life, setup)

    assert made.first is made.setup.names[0]
    assert made.seen[0] is made.setup.closes
    assert made.seen[1] is made.setup


def test_what_changes_is_told_as_it_stands_each_time():
    setup, teller = Setup(("INFY",)), Teller()
    life = Life(setup, "a")
    counts = np.zeros(3, np.int64)
    for number in range(3):
        life.seen = [number, counts]
        counts[number] = 7

        made = again(teller, life, setup)

        assert made.seen[0] == number
        assert made.seen[1].tolist() == counts.tolist()


def test_what_lasts_is_told_once_and_anew_where_it_is_another():
    setup, other, teller = Setup(("INFY",)), Setup(("TCS",)), Teller()
    first = teller.told(Life(setup, "a"), setup)
    second = teller.told(Life(setup, "b"), setup)

    assert second.objects[0] is first.objects[0]
    assert again(teller, Life(other, "c"), other).setup.names == ("TCS",)


def test_what_was_told_does_not_change_with_what_it_tells_of():
    counts = np.zeros(3, np.int64)
    told = Teller().told(counts, None)
    counts[:] = 9

    assert made_again(told.objects, map(bytearray, told.arrays)).tolist() == [0, 0, 0]


def test_what_failed_to_be_told_leaves_what_lasts_as_it_was():
    setup, teller = Setup(("INFY",)), Teller()
    teller.told(Life(setup, "a"), setup)
    with pytest.raises((AttributeError, TypeError)):
        teller.told(Life(setup, "b", [object(), lambda: None]), setup)

    assert again(teller, Life(setup, "c", [5]), setup).seen == [5]


@given(
    array=arrays(st.sampled_from((np.float64, np.int64, np.bool_, np.uint8)), array_shapes()),
    order=st.sampled_from("CF"),
)
def test_an_array_comes_back_as_it_was_and_may_be_written_to(array, order):
    told = np.array(array, order=order)

    made = again(Teller(), told, None)

    assert made.dtype == told.dtype
    assert made.shape == told.shape
    assert made.flags.c_contiguous == told.flags.c_contiguous
    assert made.flags.f_contiguous == told.flags.f_contiguous
    assert made.tobytes() == told.tobytes()
    assert made.flags.writeable
    assert made.flags.aligned


@pytest.mark.parametrize("size", [0, 1, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 300_000])
def test_an_array_of_any_size_is_told_whole_and_breathed_at(size: int):
    prices, breaths = np.arange(float(size)), [0]

    def breath() -> None:
        breaths[0] += 1

    told = Teller().told([prices], None, breath)

    assert made_again(told.objects, map(bytearray, told.arrays))[0].tolist() == prices.tolist()
    assert breaths[0] >= prices.nbytes >> 20
