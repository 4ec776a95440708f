"""A fact that changes on known dates: which value held on a day, and who said so.

The facts themselves live in `facts.py` and the files of `data/`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")


class FactMissing(LookupError):
    """No value is known for that date; guessing is the caller's mistake to avoid."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A value that holds on `valid_from <= day < valid_to`; without `valid_to` it still holds."""

    valid_from: date
    valid_to: date | None
    value: T
    source: str

    def __post_init__(self) -> None:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError(f"valid_to: {self.valid_to} is not after {self.valid_from}")
        if not self.source.strip():
            raise ValueError("source: is empty, expected the circular, notice or file")

    def holds_on(self, day: date) -> bool:
        """Say whether `day` lies inside; `valid_to` itself is outside."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """The values of one fact, oldest first, without overlap; gaps are days that are not known."""

    name: str
    entries: tuple[Entry[T], ...]

    def __post_init__(self) -> None:
        for earlier, later in pairwise(self.entries):
            if earlier.valid_to is None or earlier.valid_to > later.valid_from:
                raise ValueError(
                    f"{self.name}: the value from {later.valid_from} overlaps or precedes "
                    f"the one from {earlier.valid_from}"
                )

    @classmethod
    def until_next(cls, name: str, values: Iterable[tuple[date, T, str]]) -> Dated[T]:
        """Return values (first day, value, source) of which each holds until the next begins.

        Raises `ValueError` where two begin on one day or a source is missing.
        """
        ordered = sorted(values, key=lambda value: value[0])
        ends = [*(begins for begins, _, _ in ordered[1:]), None]
        return cls(
            name,
            tuple(
                Entry(begins, end, value, source)
                for (begins, value, source), end in zip(ordered, ends, strict=False)
            ),
        )

    def entry(self, day: date) -> Entry[T]:
        """Return the entry that holds on `day`; raises `FactMissing` in a gap or outside."""
        for entry in self.entries:
            if entry.holds_on(day):
                return entry
        raise FactMissing(f"{self.name}: nothing known for {day}{self._known_around(day)}")

    def at(self, day: date) -> T:
        """Return the value that holds on `day`; raises `FactMissing` in a gap or outside."""
        return self.entry(day).value

    def _known_around(self, day: date) -> str:
        """Say which side of `day` something is known on, for a reader of the refusal."""
        before = [entry for entry in self.entries if entry.valid_from <= day]
        after = self.entries[len(before) :]
        if not before:
            return f", it begins {after[0].valid_from}" if after else ""
        until = f", known until {before[-1].valid_to} (not included)"
        return until + (f" and again from {after[0].valid_from}" if after else "")
