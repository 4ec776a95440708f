"""What drills came to: a row each, as JSON and as a table; spans are seconds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

_HEAD = ("drill", "protected s", "cpu s", "flat s", "back s", "sent", "twice", "differences")


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill: what was done, and what came of it; None where it wasn't measured.

    `to_protected`: from the start of the next process until nothing was naked at the broker;
    `cpu`: the processor time of that process until then. `to_flat`: until the broker held nothing.
    `back`: until all processes were ready again. `sent`: orders in all; `twice`: intents that more
    than one order was made of. `differences`: what the broker's books and ours disagree about.
    """

    name: str
    to_protected: float | None = None
    cpu: float | None = None
    to_flat: float | None = None
    back: float | None = None
    sent: int = 0
    twice: int = 0
    differences: tuple[str, ...] = field(default=())


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the worst of some spans; empty for none."""
    if not values:
        return {}
    ordered = sorted(values)
    cuts = {
        f"p{cut}": ordered[min(len(ordered) - 1, int(len(ordered) * cut / 100))] for cut in (95, 99)
    }
    return {
        "count": len(ordered),
        "p50": round(statistics.median(ordered), 3),
        **{name: round(value, 3) for name, value in cuts.items()},
        "worst": round(ordered[-1], 3),
    }


def table(drills: Sequence[Drill]) -> str:
    """Return the drills as a table in plain text."""
    rows = [_HEAD, *(_row(drill) for drill in drills)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _row(drill: Drill) -> tuple[str, ...]:
    spans = (drill.to_protected, drill.cpu, drill.to_flat, drill.back)
    told = ("-" if span is None else f"{span:.2f}" for span in spans)
    differences = "; ".join(drill.differences) or "none"
    return (drill.name, *told, str(drill.sent), str(drill.twice), differences)


def write(folder: Path, drills: Sequence[Drill]) -> Path:
    """Write all drills and their spreads to a file in `folder`; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "drills.json"
    told = {
        "drills": [asdict(drill) for drill in drills],
        "to_protected": spread([d.to_protected for d in drills if d.to_protected is not None]),
        "cpu": spread([d.cpu for d in drills if d.cpu is not None]),
        "to_flat": spread([d.to_flat for d in drills if d.to_flat is not None]),
    }
    path.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return path
