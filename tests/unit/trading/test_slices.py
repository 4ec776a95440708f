from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from trading.slices import GivenUpError, Slices

Breath = Callable[[], None]


class Steps:
    """Work in so many steps, with a breath after each; `done` counts them."""

    def __init__(self, many: int) -> None:
        self._many = many
        self.done = 0
        self.was_given_up = False

    def work(self, breath: Breath) -> str:
        try:
            for _ in range(self._many):
                self.done += 1
                breath()
        except GivenUpError:
            self.was_given_up = True
            raise
        return "all of it"


@pytest.fixture
def ended() -> Iterator[list[Slices[str]]]:
    made: list[Slices[str]] = []
    yield made
    for slices in made:
        slices.end()


def of(made: list[Slices[str]], work: Callable[[Breath], str], **how: object) -> Slices[str]:
    made.append(Slices(work, **how))
    return made[0]


def test_nothing_is_done_before_somebody_waits(ended: list[Slices[str]]):
    steps = Steps(3)

    of(ended, steps.work)

    assert steps.done == 0


def test_each_slice_ends_at_the_first_breath_after_its_time(ended: list[Slices[str]]):
    steps, moments = Steps(5), iter(range(100))
    slices = of(ended, steps.work, clock=lambda: float(next(moments)))

    assert not slices.go_on(2.0)
    assert steps.done == 2
    assert not slices.go_on(0.0)
    assert steps.done == 3
    assert slices.go_on(50.0)
    assert steps.done == 5
    assert slices.result() == "all of it"


def test_what_the_work_raises_is_its_result(ended: list[Slices[str]]):
    def fail(breath: Breath) -> str:
        breath()
        raise KeyError("gone")

    slices = of(ended, fail)

    assert slices.go_on(60.0)
    with pytest.raises(KeyError, match="gone"):
        slices.result()


@pytest.mark.parametrize("slices_before", [0, 1, 2])
def test_what_is_given_up_goes_no_further_and_leaves_no_thread(slices_before: int):
    before, steps = threading.active_count(), Steps(10)
    slices = Slices(steps.work)
    for _ in range(slices_before):
        slices.go_on(0.0)

    slices.end()

    assert threading.active_count() == before
    assert steps.done == slices_before
    assert steps.was_given_up == (slices_before > 0)


def test_what_is_done_leaves_no_thread():
    before = threading.active_count()
    slices = Slices(Steps(3).work)
    slices.go_on(60.0)

    slices.end()

    assert threading.active_count() == before
    assert slices.result() == "all of it"
