"""What must not become slower: ours against a plain Python loop, within one run of a bench.

The ratios that were reached stand in `bench_guard.toml`; whoever makes ours faster raises them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from trading.bench_contest import REFERENCE, Case, contest, ours, ratio

RECORDED = Path(__file__).with_name("bench_guard.toml")


class GuardFileError(ValueError):
    """The recorded ratios cannot be used; the text names the key and what was expected."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The case that is run, the least share of a ratio that is let through, and the ratios.

    `ratios`: how many times faster than the plain loop each of ours was, in CPU time.
    """

    case: Case
    least: float
    ratios: dict[str, float]


def read_recorded(path: Path) -> Recorded:
    """Return what was recorded. Raises `GuardFileError`, naming the key."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        case = Case(**{key: int(value) for key, value in document["case"].items()})
        least = float(document["least_share"])
        ratios = {name: float(value) for name, value in document["ratio"].items()}
    except KeyError as error:
        raise GuardFileError(f"{path.name}: {error} is missing, expected it") from error
    except (TypeError, ValueError, AttributeError, OSError) as error:
        raise GuardFileError(f"{path.name}: {error}") from error
    if not 0 < least <= 1:
        raise GuardFileError(f"{path.name}: least_share {least}, expected above 0, at most 1")
    if set(ratios) != {"screen", "desk"}:
        raise GuardFileError(f"{path.name}: ratio of {', '.join(ratios)}, expected screen and desk")
    return Recorded(case, least, ratios)


@dataclass(frozen=True, slots=True)
class Measured:
    """One of ours now and as recorded: how many times faster than the plain loop."""

    name: str
    now: float
    recorded: float
    least: float

    @property
    def passes(self) -> bool:
        """Say whether enough of the recorded ratio is left."""
        return self.now >= self.least * self.recorded

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.now:.4g} times the speed of a plain loop, recorded "
            f"{self.recorded:.4g}, at least {self.least:.0%} of it expected"
        )


def guard(recorded: Recorded) -> tuple[Measured, ...]:
    """Run the recorded case and compare. Raises as `contest` where trades differ."""
    told = contest(recorded.case, ours())
    return tuple(
        Measured(name, ratio(told, REFERENCE, name), known, recorded.least)
        for name, known in recorded.ratios.items()
    )
