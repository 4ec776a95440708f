"""Spans with watchers compared with the spans without, before and after each; plain arithmetic.

Spans alternate so that the day's own course, and the machine's, cancel out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


@dataclass(frozen=True, slots=True)
class Change:
    """By how much watched spans differ from unwatched ones, in percent.

    `watched`: the median over the watched spans, each against the mean of the two unwatched ones
    around it. `unwatched`: the median of how much neighbouring unwatched spans differ among
    themselves, whatever the sign: what the machine and the day do without any watcher.
    """

    watched: float
    unwatched: float


def change_of(unwatched: Sequence[float], watched: Sequence[float]) -> Change:
    """Return the change between spans of which `unwatched` has one more, the first and the last.

    Raises `ValueError` for other numbers of spans, and without any.
    """
    if not watched or len(unwatched) != len(watched) + 1:
        raise ValueError(f"spans: {len(unwatched)} and {len(watched)}, expected one more than")
    pairs = list(pairwise(unwatched))
    return Change(
        watched=median(
            100 * (one / ((before + after) / 2) - 1)
            for one, (before, after) in zip(watched, pairs, strict=True)
        ),
        unwatched=median(100 * abs(after / before - 1) for before, after in pairs),
    )


def delays(
    happened: Sequence[tuple[float, float]], seen: Sequence[tuple[float, float]]
) -> list[float]:
    """Return for each thing that happened how many seconds later one watcher saw it.

    Both are pairs (moment of the desk, time on the wall) with rising moments; a thing is seen
    with the first state that is as new. What came to late in the measurement to be seen, or
    before the watcher looked, is left out.
    """
    found, place = [], 0
    for moment, at in happened:
        while place < len(seen) and seen[place][0] < moment:
            place += 1
        if place == len(seen):
            break
        if seen[0][1] <= at:
            found.append(seen[place][1] - at)
    return found
