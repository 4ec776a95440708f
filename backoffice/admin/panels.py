"""What a record's page can show below its facts: tables, bars, a timeline, key figures.

Values only; each kind names the template that draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `tone` is good, warn, bad or empty."""

    cells: tuple[object, ...]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Lines under headers; `numeric` are the places of columns to be set to the right."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    empty: str = "Nothing yet."
    numeric: tuple[int, ...] = ()
    template: ClassVar[str] = "desk_admin/panel_table.html"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar from `left`, `width` wide, both in per cent; `detail` says how it came about."""

    label: str
    value: str
    left: int
    width: int
    tone: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Values that add up: gains to the right of `axis`, losses to its left, in per cent."""

    title: str
    bars: tuple[Bar, ...]
    axis: int
    note: str = ""
    template: ClassVar[str] = "desk_admin/panel_bars.html"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened at one moment."""

    at: object
    title: str
    tone: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened, oldest first."""

    title: str
    steps: tuple[Step, ...]
    empty: str = "Nothing happened yet."
    template: ClassVar[str] = "desk_admin/panel_timeline.html"


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure; `url` leads to what it was counted from."""

    label: str
    value: object
    tone: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Key figures side by side."""

    title: str
    figures: tuple[Figure, ...]
    template: ClassVar[str] = "desk_admin/panel_figures.html"


@dataclass(frozen=True, slots=True)
class Lines:
    """A text as it is, line by line."""

    title: str
    lines: tuple[str, ...]
    template: ClassVar[str] = "desk_admin/panel_lines.html"


Panel: TypeAlias = Table | Bars | Timeline | Figures | Lines


def table(
    title: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numeric: tuple[int, ...] = (),
    empty: str = "Nothing yet.",
) -> Table:
    """Return a table of plain lines."""
    lines = tuple(Row(tuple(cells)) for cells in rows)
    return Table(title, tuple(headers), lines, numeric=numeric, empty=empty)


def bars(title: str, values: Sequence[tuple[str, float, str]], note: str = "") -> Bars:
    """Return bars of (label, value, detail), the widest as wide as there is room.

    The axis stands at the left where nothing is lost, else in the middle.
    """
    widest = max((abs(value) for _, value, _ in values), default=0.0) or 1.0
    axis = 50 if any(value < 0 for _, value, _ in values) else 0
    return Bars(
        title, tuple(_bar(each, (100 - axis) / widest, axis) for each in values), axis, note
    )


def _bar(told: tuple[str, float, str], scale: float, axis: int) -> Bar:
    label, value, detail = told
    width = round(scale * abs(value))
    left, tone = (axis, "good") if value >= 0 else (axis - width, "bad")
    return Bar(label, f"{value:+.4f}", left, width, tone, detail)
