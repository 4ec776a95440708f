"""The memory of a desk: summed by process from a made `/proc`, and from the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aitrapp.supervisor.children import NAMED
from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.memory import Share, memory_below, table


@pytest.fixture
def proc(tmp_path):
    """Return a `/proc` with a supervisor (10), a worker with a child, and a server that hides."""
    (tmp_path / "uptime").touch()
    process(tmp_path, 10, above=1, kib=2048, name="")
    process(tmp_path, 11, above=10, kib=4096, name="worker")
    process(tmp_path, 12, above=11, kib=1024, name="worker")
    process(tmp_path, 13, above=10, kib=512, name="")
    process(tmp_path, 14, above=1, kib=9999, name="a stranger")
    return tmp_path


def process(proc: Path, pid: int, *, above: int, kib: int, name: str) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "stat").write_text(f"{pid} (a) name) S {above} 1 1")
    (folder / "smaps_rollup").write_text(f"Rss: 99999 kB\nPss: {kib} kB\nPss_Dirty: 1 kB\n")
    (folder / "environ").write_text(f"PATH=/bin\0{NAMED}={name}\0" if name else "")
    (folder / "comm").write_text("valkey-server\n")


def test_a_process_counts_with_what_it_has_started_and_the_largest_stands_first(proc):
    assert memory_below(10, proc) == (
        Share("worker", 2, 5120),
        Share("supervisor", 1, 2048),
        Share("valkey-server", 1, 512),
    )


def test_a_process_that_ends_meanwhile_is_left_out(proc):
    (proc / "12" / "smaps_rollup").unlink()

    assert Share("worker", 1, 4096) in memory_below(10, proc)


def test_the_table_ends_with_the_sum():
    lines = table([Share("engine", 1, 204_800), Share("worker", 2, 51_200)]).splitlines()

    assert [line.split() for line in lines[1:]] == [
        ["engine", "200.0", "1"],
        ["worker", "50.0", "2"],
        ["together", "250.0", "3"],
    ]


def test_a_real_process_is_found_by_the_name_it_was_given():
    environ = {**os.environ, NAMED: "sleeper"}
    with subprocess.Popen(["sleep", "60"], env=environ) as sleeper:
        try:
            shares = {share.name: share for share in memory_below(os.getpid())}
        finally:
            sleeper.kill()

    assert shares["sleeper"].processes == 1
    assert 0 < shares["sleeper"].kib < 10_000


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look at every process")
def test_a_process_of_somebody_else_is_refused():
    with pytest.raises(SupervisorError, match="not ours to see"):
        memory_below(1)


def test_a_folder_without_a_desk_is_told(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "aitrapp.supervisor", "memory", "--data", str(tmp_path)],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 2
    assert f"no desk runs in {tmp_path}" in told.stderr
