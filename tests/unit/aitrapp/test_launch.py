from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCH = Path(__file__).resolve().parents[3] / "aitrapp" / "supervisor" / "launch.py"


def launched(*argv, how="become", parent=None, uid="-", gid="-"):
    """Run the launcher with an ordinary PATH; a folder on it that is closed to us hides 127."""
    arguments = [how, str(parent or os.getpid()), str(int(signal.SIGKILL)), uid, gid, *argv]
    return subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), *arguments],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_takes_the_place_of_the_launcher():
    done = launched("sh", "-c", "echo $PPID; exit 3")

    assert done.returncode == 3
    assert done.stdout.strip() == str(os.getpid())


def test_the_program_is_not_run_when_the_parent_is_already_gone():
    done = launched("echo", "ran", parent=1)

    assert (done.returncode, done.stdout) == (126, "")


def test_a_program_that_does_not_exist_gives_127():
    assert launched("no-such-program").returncode == 127


def test_a_program_that_may_not_be_run_gives_126(tmp_path):
    (tmp_path / "text").touch(mode=0o644)

    assert launched(str(tmp_path / "text")).returncode == 126


def test_the_program_gets_its_signals_as_usual():
    blocked = launched("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status").stdout.split()

    assert int(blocked[1], 16) == 0
    assert int(blocked[3], 16) & (1 << (signal.SIGPIPE - 1)) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_the_program_runs_as_the_account_without_other_groups():
    done = launched("/bin/sh", "-c", "id -u; id -G", uid="65534", gid="65534")

    assert done.stdout.split() == ["65534", "65534"]


def test_a_keeper_passes_the_exit_code_on():
    assert launched("sh", "-c", "exit 5", how="keep").returncode == 5
    assert launched("sh", "-c", "kill -9 $$", how="keep").returncode == 137
    assert launched("no-such-program", how="keep").returncode == 127


def test_a_keeper_runs_nothing_when_the_parent_is_already_gone():
    done = launched("echo", "ran", how="keep", parent=1)

    assert (done.returncode, done.stdout) == (126, "")


def test_a_keeper_ends_what_the_program_left_behind():
    script = "(sleep 300 & echo $! >&1) & wait; setsid sleep 300 & echo $!; sleep 0.2"

    done = launched("sh", "-c", script, how="keep")

    assert done.returncode == 0
    left = [int(pid) for pid in done.stdout.split()]
    assert len(left) == 2
    assert [pid for pid in left if Path(f"/proc/{pid}").exists()] == []
