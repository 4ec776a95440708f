"""`make mutation`: small changes to the money rooms, one at a time, that a unit test must notice.

mutmut makes the changes and runs the tests; here stands what it is given, and how its findings
are told. Why a change may live on is told in `docs/testing.md`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutation.found import Found, found_in, table
from tests.mutation.rooms import PACKAGES, Room, room_of

ROOT = Path(__file__).resolve().parents[2]
_NOT_READ = shutil.ignore_patterns("__pycache__", "console", "integration", "*.pyc")


def main() -> int:
    options = _parsed()
    rooms = {room_of(module) for module in options.modules}
    if len(rooms) > 1:
        return max(_alone(module, options.modules) for module in options.modules)
    [room] = rooms
    place = Path(options.place).resolve() / room.folder.replace("/", "-")
    _lay_out(place, room)
    os.chdir(place)
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    if options.examples:
        os.environ["MUTATION_EXAMPLES_ONLY"] = "1"
    os.nice(options.nice)
    if not options.told_only:
        _run(_names(options, place, room), options.jobs)
    found = found_in(place, options.modules)
    _tell(found, survivors=options.survivors)
    return int(any(each.share < options.least for each in found))


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("modules", nargs="+", type=_module, help="risk, risk/sizing, …")
    parser.add_argument("--jobs", type=int, default=2, help="tests at a time (2)")
    parser.add_argument("--nice", type=int, default=10, help="how far to stand back (10)")
    parser.add_argument("--least", type=float, default=0.85, help="share that must be killed")
    parser.add_argument("--alive", action="store_true", help="only what no run has killed yet")
    parser.add_argument("--examples", action="store_true", help="leave the properties out")
    parser.add_argument("--survivors", action="store_true", help="show each change that lives")
    parser.add_argument("--told-only", action="store_true", help="tell the last run again")
    parser.add_argument("--place", default=str(ROOT / "var" / "mutation"), help="where to work")
    return parser.parse_args()


def _module(text: str) -> str:
    return text.strip("/").removesuffix(".py")


def _alone(module: str, modules: list[str]) -> int:
    """Try one of several modules in a process of its own: mutmut knows one project only."""
    options = [word for word in sys.argv[1:] if _module(word) not in modules]
    return subprocess.run([sys.executable, "-m", "tests.mutation", module, *options]).returncode


def _names(options: argparse.Namespace, place: Path, room: Room) -> list[str]:
    """Return mutmut's names for what is to be tried; none for all that hasn't been yet."""
    if options.alive:
        found = found_in(place, options.modules)
        return [name for each in found for name in (*each.lives, *each.untried)]
    if options.modules == [room.folder]:
        return []
    return [module.replace("/", ".") + ".*" for module in options.modules]


def _lay_out(place: Path, room: Room) -> None:
    """Copy the rooms and their tests to `place`; what mutmut found out there stays.

    It mutates again what isn't there: so the mutants of files that have changed go, and with
    them what it knew of the tests that reach a function.
    """
    place.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        if name == room.package:
            _forget_changed(ROOT / name, place)
        else:
            shutil.rmtree(place / "mutants" / name, ignore_errors=True)
        shutil.rmtree(place / name, ignore_errors=True)
        shutil.copytree(ROOT / name, place / name, ignore=_NOT_READ)
    (place / "pyproject.toml").write_text(room.settings(), encoding="utf-8")
    (place / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)


def _forget_changed(package: Path, place: Path) -> None:
    for file in (place / package.name).rglob("*.*"):
        path = file.relative_to(place)
        now = package.parent / path
        if not now.exists() or now.read_bytes() != file.read_bytes():
            (place / "mutants" / path).unlink(missing_ok=True)
            if not now.exists():
                (place / "mutants" / f"{path}.meta").unlink(missing_ok=True)


def _run(names: list[str], jobs: int) -> None:
    """Let mutmut try every mutant of these names, those of properties and kernels too."""
    from mutmut import __main__ as mutmut

    from tests.mutation.decorated import look_into_decorated

    look_into_decorated()
    mutmut._run(names, jobs)


def _tell(found: list[Found], *, survivors: bool) -> None:
    sys.stdout.write(f"\n{table(found)}\n")
    if survivors:
        for each in found:
            for name in each.lives:
                sys.stdout.write(f"\n{each.shown(name)}\n")


if __name__ == "__main__":
    sys.exit(main())
