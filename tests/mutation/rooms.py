"""Which rooms are changed, and which tests must notice.

How the changes are made is mutmut's affair.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

PACKAGES = ("aitrapp", "docs", "execution", "marketdata", "risk", "strategies", "tests", "trading")
"""What lies beside a room in a run: all that its code and its tests read."""


@dataclass(frozen=True, slots=True)
class Room:
    """A folder whose files are changed (`but`: not these), and the tests that watch over it."""

    folder: str
    tests: tuple[str, ...]
    but: tuple[str, ...] = ()
    tests_but: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """Return the package that the folder belongs to."""
        return self.folder.split("/")[0]

    def settings(self) -> str:
        """Return the settings of the project in which a run takes place."""
        plugins = [part for name in _LEFT_OUT for part in ("-p", f"no:{name}")]
        mutmut = {
            "source_paths": [self.package],
            "only_mutate": [f"{self.folder}/*"],
            "do_not_mutate": list(self.but),
            "also_copy": [name for name in PACKAGES if name not in (self.package, "tests")],
            "pytest_add_cli_args": plugins + [f"--ignore={path}" for path in self.tests_but],
            "pytest_add_cli_args_test_selection": list(self.tests),
            "track_dependencies": False,
            "use_git_change_detection": False,
            "timeout_multiplier": 8.0,
            "timeout_constant": 2.0,
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in mutmut.items()]
        return "\n".join(["[tool.mutmut]", *lines, _PYTEST])


_LEFT_OUT = ("django", "cacheprovider", "xdist", "cov")
_PYTEST = '''
[tool.pytest.ini_options]
addopts = """-q -p tests.mutation.quick -p no:unraisableexception
    --import-mode=importlib -m 'not slow and not matrix'"""
pythonpath = ["."]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
markers = ["shared_data: recorded data", "slow: takes long", "matrix: every pair"]
filterwarnings = ["error"]
'''

_TO_KITE = ("kite", "kitesim")
ROOMS = (
    Room("risk", tests=("tests/unit/risk",)),
    Room(
        "execution",
        tests=("tests/unit/execution", "tests/contracts/test_broker_contract.py"),
        but=tuple(f"execution/{name}/*" for name in _TO_KITE),
        tests_but=tuple(f"tests/unit/execution/{name}" for name in _TO_KITE),
    ),
    Room(
        "execution/kite",
        tests=(
            "tests/unit/execution/kite",
            "tests/contracts/test_broker_contract.py",
            "tests/contracts/kite/test_broker_calls.py",
            "tests/contracts/kite/test_broker_failures.py",
            "tests/contracts/kite/test_broker_fence.py",
            "tests/contracts/kite/test_broker_logins.py",
            "tests/contracts/kite/test_broker_margins.py",
            "tests/contracts/kite/test_broker_reads.py",
            "tests/contracts/kite/test_broker_shown.py",
        ),
    ),
)


def room_of(module: str) -> Room:
    """Return the room of a module or folder. Raises `LookupError` naming it where none has it."""
    fits = [room for room in ROOMS if f"{module}/".startswith(f"{room.folder}/")]
    if not fits:
        known = ", ".join(room.folder for room in ROOMS)
        raise LookupError(f"{module}: in none of the rooms {known}")
    return max(fits, key=lambda room: len(room.folder))
