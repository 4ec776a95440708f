"""Keeping processes alive, with small real ones; servers are in `test_supervisor.py`."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent, indent

import pytest

from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.processes import ProcessSpec, Restart
from aitrapp.supervisor.supervision import Supervision

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = """
import os, signal, sys
from aitrapp.supervisor.processes import ProcessSpec, Restart
from aitrapp.supervisor.supervision import Interrupted, Supervision
"""
HEEDED = "\nexcept Interrupted as interruption:\n    sys.exit(interruption.exit_code)\n"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the supervisor runs on Linux")


def lasting(script, log, **more):
    argv = ("sh", "-c", script)
    return ProcessSpec("worker", argv, Restart.ALWAYS, more.pop("environ", {}), log=log, **more)


def command(script, **more):
    return ProcessSpec("command", ("sh", "-c", script), Restart.NEVER, {}, foreground=True, **more)


def never():
    return False


def alone(scenario):
    """Run a scenario that signals itself in an interpreter of its own."""
    code = f"{IMPORTS}\ntry:\n{indent(dedent(scenario), '    ')}{HEEDED}"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)


def test_a_process_that_never_starts_is_given_up_with_its_last_words(tmp_path):
    with (
        Supervision() as supervision,
        pytest.raises(SupervisorError, match=r"(?s)worker ended 5 times.*no port left"),
    ):
        supervision.start(lasting("echo no port left; exit 3", tmp_path / "log", answers=never))


def test_a_process_that_is_never_restarted_is_waited_for_until_it_answers(tmp_path):
    told = tmp_path / "told"

    with Supervision() as supervision:
        supervision.start(command(f"sleep 0.2; echo > {told}; sleep 9", answers=told.exists))

        assert told.exists()


def test_a_process_that_is_never_restarted_and_never_answers_is_named(tmp_path):
    log = tmp_path / "log"
    argv = ("sh", "-c", "echo no such day; exit 2")
    spec = ProcessSpec("market", argv, Restart.NEVER, {}, log=log, answers=never)

    with (
        Supervision() as supervision,
        pytest.raises(SupervisorError, match=r"(?s)market ended with 2.*no such day"),
    ):
        supervision.start(spec)


def test_a_process_is_started_again_until_the_command_ends(tmp_path):
    log = tmp_path / "log"
    three_lines = f"until [ $(wc -l < {log}) -ge 3 ]; do sleep 0.05; done; exit 4"

    with Supervision() as supervision:
        supervision.start(lasting("echo started; sleep 0.1", log))
        supervision.start(command(three_lines))
        code = supervision.watch()

    assert code == 4
    assert log.read_text().split() == ["started"] * 3


def test_what_runs_before_a_start_runs_before_each(tmp_path):
    starts = []
    log = tmp_path / "log"
    spec = lasting("exit 1", log, before=lambda: starts.append(1), answers=never)

    with Supervision() as supervision, pytest.raises(SupervisorError):
        supervision.start(spec)

    assert len(starts) == 5


def test_processes_are_stopped_in_reverse_order(tmp_path):
    log = tmp_path / "log"
    script = "trap 'echo $NAME; exit 0' TERM; touch $MARK; while :; do sleep 0.02; done"

    with Supervision() as supervision:
        for name in ("first", "second"):
            mark = tmp_path / name
            environ = {"NAME": name, "MARK": str(mark)}
            supervision.start(lasting(script, log, environ=environ, answers=mark.exists))

    assert log.read_text().split() == ["second", "first"]


def test_a_process_that_will_not_stop_is_killed(tmp_path):
    script = "trap '' TERM; touch $MARK; while :; do sleep 0.02; done"
    mark = tmp_path / "mark"
    spec = lasting(script, None, environ={"MARK": str(mark)}, answers=mark.exists, stop_seconds=0.2)
    began = time.monotonic()

    with Supervision() as supervision:
        supervision.start(spec)

    assert time.monotonic() - began < 20


def test_a_process_that_was_stopped_and_not_continued_is_ended_and_started_again(tmp_path):
    log = tmp_path / "log"
    script = f"echo started; [ $(wc -l < {log}) -ge 2 ] || kill -STOP $$; exec sleep 60"
    two_lines = f"until [ $(wc -l < {log}) -ge 2 ]; do sleep 0.05; done; exit 4"

    with Supervision(still_seconds=0.2) as supervision:
        supervision.start(lasting(script, log))
        supervision.start(command(two_lines))
        code = supervision.watch()

    assert code == 4


def test_a_stopped_process_takes_what_it_started_with_it(tmp_path):
    log = tmp_path / "log"
    script = "setsid sleep 600 & echo $!; kill -STOP $$; wait"
    gone = f"read pid < {log}; until ! kill -0 $pid 2>/dev/null; do sleep 0.05; done; exit 4"

    with Supervision(still_seconds=0.2) as supervision:
        supervision.start(lasting(script, log, answers=lambda: log.stat().st_size > 0))
        supervision.start(command(gone))
        code = supervision.watch()

    assert code == 4


def test_being_told_to_stop_while_starting_is_heeded(tmp_path):
    done = alone("""
        def asked_too_early():
            os.kill(os.getpid(), signal.SIGTERM)
            return False

        spec = ProcessSpec("slow", ("sleep", "60"), Restart.ALWAYS, {}, answers=asked_too_early)
        with Supervision() as supervision:
            supervision.start(spec)
    """)

    assert done.returncode == 143


def test_a_command_that_ignores_its_end_is_killed(tmp_path):
    done = alone("""
        script = f"trap '' TERM; kill -TERM {os.getpid()}; while :; do sleep 0.02; done"
        spec = ProcessSpec(
            "deaf", ("sh", "-c", script), Restart.NEVER, {}, foreground=True, stop_seconds=0.3
        )
        with Supervision() as supervision:
            supervision.start(spec)
            sys.exit(supervision.watch())
    """)

    assert done.returncode == 137


def test_signals_are_as_before_afterwards(tmp_path):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    with Supervision() as supervision:
        supervision.start(command("exit 0"))
        supervision.watch()

    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
