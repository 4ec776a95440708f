"""Where LIVE can be allowed at all: in production settings, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PRODUCTION = {
    "SECRET_KEY": "x" * 40,
    "DATABASE_URL": "postgresql://me:pw@here/desk",
    "REDIS_URL": "redis://here/0",
    "ALLOWED_HOSTS": "desk.example",
}


def allowed(settings: str, **environ: str) -> str:
    """Return what a process with these settings has for LIVE_TRADING."""
    code = "from django.conf import settings; print(settings.LIVE_TRADING)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": f"aitrapp.settings.{settings}",
            **environ,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("settings", ["local", "test"])
def test_on_a_person_s_machine_and_in_tests_nothing_allows_it(settings: str):
    assert allowed(settings, LIVE_TRADING="true") == "False"


def test_in_production_it_is_off_until_the_environment_says_true():
    assert allowed("production", **PRODUCTION) == "False"
    assert allowed("production", **PRODUCTION, LIVE_TRADING="true") == "True"
