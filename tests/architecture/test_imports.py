"""What import-linter cannot see: what is really loaded, and what loads with nothing set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BELOW = ("marketdata", "strategies", "execution", "risk", "trading.engine")


def loaded_by(statement: str, tmp_path: Path, **environment: str) -> set[str]:
    """Return the top-level modules in memory after `statement`, run with almost no environment."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("room", BELOW)
def test_a_room_below_the_line_loads_without_django(room, tmp_path):
    every = (
        f"import pkgutil, importlib, {room} as room\n"
        f"for found in pkgutil.walk_packages(room.__path__, '{room}.'):\n"
        "    importlib.import_module(found.name)"
    )

    assert loaded_by(every, tmp_path) & {"django", "celery", "redis", "psycopg"} == set()


def test_the_supervisor_loads_without_django(tmp_path):
    assert "django" not in loaded_by("import aitrapp.supervisor.__main__", tmp_path)


def test_the_test_settings_load_with_nothing_set(tmp_path):
    loaded_by("import aitrapp.settings.test", tmp_path)


def test_django_starts_with_the_test_settings_and_no_server(tmp_path):
    start = "import django; django.setup()"

    loaded_by(start, tmp_path, DJANGO_SETTINGS_MODULE="aitrapp.settings.test")
