"""What a run has found: per module the mutants made, killed and alive.

Read from the files that mutmut leaves beside the changed modules.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_ALIVE = (0, 5, 33)
"""mutmut's exit codes of tests that passed, and of no test at all."""


@dataclass(frozen=True, slots=True)
class Found:
    """Of one module: how many mutants were tried, which no test noticed, and which wait."""

    module: str
    tried: int
    lives: tuple[str, ...]
    untried: tuple[str, ...] = ()

    @property
    def killed(self) -> int:
        return self.tried - len(self.lives)

    @property
    def share(self) -> float:
        """Return the killed of the tried; 1.0 where nothing was tried."""
        return self.killed / self.tried if self.tried else 1.0

    def shown(self, name: str) -> str:
        """Return the change that made this mutant, as a diff of its function."""
        from mutmut.mutation.diff_apply import get_diff_for_mutant

        return f"{name}\n{get_diff_for_mutant(name, path=Path(self.module))}"


def found_in(place: Path, modules: list[str]) -> list[Found]:
    """Return what was found in each module, or folder of modules, that was asked for."""
    metas = sorted(place.glob("mutants/**/*.py.meta"))
    found = [_read(str(meta.relative_to(place / "mutants")), meta) for meta in metas]
    return [
        each
        for each in found
        if (each.tried or each.untried)
        and any(each.module == f"{one}.py" or each.module.startswith(f"{one}/") for one in modules)
    ]


def _read(path: str, meta: Path) -> Found:
    codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    tried = {name: code for name, code in codes.items() if code is not None}
    lives = tuple(sorted(name for name, code in tried.items() if code in _ALIVE))
    untried = tuple(sorted(name for name in codes if name not in tried))
    return Found(path.removesuffix(".meta"), len(tried), lives, untried)


def table(found: list[Found]) -> str:
    """Return a line a module and one for all: tried, killed, alive, not tried, share killed."""
    total = Found(
        "all",
        sum(each.tried for each in found),
        sum((each.lives for each in found), ()),
        sum((each.untried for each in found), ()),
    )
    lines = [f"{'module':<34}{'mutants':>9}{'killed':>9}{'alive':>8}{'waiting':>9}{'killed %':>10}"]
    lines += [
        f"{each.module:<34}{each.tried:>9}{each.killed:>9}{len(each.lives):>8}"
        f"{len(each.untried):>9}{each.share:>10.1%}"
        for each in (*found, total)
    ]
    return "\n".join(lines)
