"""What each process of the desk has in memory once it stands: the engine alone carries compilers.

Measured sizes are told by `python -m aitrapp.supervisor memory`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from aitrapp.lean import ENGINE, KEY
from marketdata.history import bars_table

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"llvmlite", "numba", "pandas", "pyarrow", "scipy", "talib"}
PAGES = {"aitrapp.urls", "backoffice.admin", "backoffice.api", "unfold.admin"}
COMMANDS = "trading.management.commands"
ENTRIES = {
    "web": "import aitrapp.asgi, aitrapp.urls",
    "worker": "from aitrapp.celery import app; app.loader.init_worker()",
    "beat": "from aitrapp.beat import app; app.loader.init_worker(); import aitrapp.schedule",
    "recorder": f"import {COMMANDS}.runrecorder",
    "watchrun": f"import {COMMANDS}.watchrun, aitrapp.celery",
    "engine": f"import {COMMANDS}.runengine",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return the modules in the memory of each process, by its name."""
    folder = tmp_path_factory.mktemp("nowhere")
    return {name: modules_of(entry, folder) for name, entry in ENTRIES.items()}


def modules_of(entry: str, folder: Path, **environ: str) -> set[str]:
    code = f"import django; django.setup()\n{entry}\nimport sys\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=folder,
        env={
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "aitrapp.settings.test",
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("name", ["web", "worker", "beat", "recorder", "watchrun"])
def test_no_compiler_and_no_table_library_is_loaded(name, loaded):
    assert loaded[name] & HEAVY == set()


@pytest.mark.parametrize("name", ["beat", "watchrun"])
def test_what_only_tells_the_time_loads_no_arrays_and_no_tasks(name, loaded):
    assert loaded[name] & {"numpy", "trading.tasks", "backoffice.tasks"} == set()


@pytest.mark.parametrize("name", ["worker", "beat", "recorder", "watchrun", "engine"])
def test_the_pages_are_loaded_by_the_web_process_alone(name, loaded):
    assert loaded[name] & PAGES == set()


@pytest.mark.parametrize("name", ["runengine", "runrecorder", "watchrun"])
def test_a_process_starts_without_the_checks_that_would_load_the_pages(name):
    assert not import_module(f"{COMMANDS}.{name}").Command.requires_system_checks


def test_the_engine_reads_the_bars_before_its_day_without_pandas(tmp_path):
    names = ("start", "open", "high", "low", "close", "volume", "oi")
    bars = bars_table({name: np.ones(1, np.int64) for name in names}, np.ones(1, np.bool_))
    pq.write_table(bars, tmp_path / "NIFTY.parquet")
    reading = f"""
from datetime import date
from pathlib import Path
from marketdata.calendar import Calendar, Hours
from marketdata.history import read_bars
from marketdata.instruments import Segment
import {COMMANDS}.runengine
hours = Hours(Calendar.load(), Segment.FUTURES, has_derivatives=True, is_index=True)
read_bars(Path("NIFTY.parquet"), date(2026, 10, 5), date(2026, 10, 6), hours)
"""

    loaded = modules_of(reading, tmp_path)

    assert {"numba", "pyarrow"} <= loaded
    assert "pandas" not in loaded


def test_an_engine_is_loaded_without_the_applications_of_the_console(tmp_path):
    lived = "import trading.kite_run, trading.bootstrap_kite, trading.kitesim_run"

    loaded = modules_of(f"{ENTRIES['engine']}\n{lived}", tmp_path, **{KEY: ENGINE})

    assert {"numba", "trading.worker"} <= loaded
    console = {"axes", "backoffice.models", "celery", "csp", "drf_spectacular", "unfold"}
    console |= {"django.contrib.admin", "django_celery_beat", "rest_framework"}
    assert loaded & console == set()


def test_the_web_process_has_its_pages(loaded):
    assert loaded["web"] >= PAGES - {"unfold.admin"}


def test_the_web_process_has_nothing_that_could_live_a_run_or_send_an_order(loaded):
    lives = {"trading.worker", "trading.engine.runner", "trading.bootstrap", "trading.kite_run"}
    sends = {"execution.paper", "execution.kite.broker", "kiteconnect", "trading.book_flatten"}

    assert loaded["web"] & (lives | sends) == set()
    assert loaded["engine"] >= lives - {"trading.kite_run"}
