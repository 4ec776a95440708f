"""The supervisor with real servers: what it starts, restarts, passes on and never leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from aitrapp.supervisor.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20.0
WAITING = """
import json, os, subprocess, sys
helper = subprocess.Popen(["sleep", "600"], start_new_session=True)
addresses = [os.environ["DATABASE_URL"], os.environ["REDIS_URL"]]
print(json.dumps([*addresses, os.getpid(), helper.pid]), flush=True)
sys.stdin.read()
sys.exit(7)
"""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the supervisor runs on Linux"),
]


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children_of(pid: int) -> dict[str, int]:
    """Return the process ids of the direct children by the name of their program."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {Path(f"/proc/{child}/comm").read_text().strip(): int(child) for child in listed}


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": "", "REDIS_URL": "", **more}


def supervised(*arguments: str, action: str = "exec", **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aitrapp.supervisor", action, *arguments],
        cwd=ROOT,
        env=environment(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(*arguments: str, action: str = "exec", **more: str) -> tuple[int, str, str]:
    with supervised(*arguments, action=action, **more) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


class Desk:
    """A supervisor at work beside a command that waits for the end of its input.

    The command has started a process of its own, in a session of its own; nobody waits for it.
    """

    def __init__(self, *where: str) -> None:
        self.process = supervised(*where, "--", sys.executable, "-c", WAITING)
        self.database, self.redis, *command = json.loads(self.process.stdout.readline())
        servers = children_of(self.process.pid)
        self.family = {**servers, "command": command[0], "started by it": command[1]}

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def remember(self, word: str) -> None:
        self.query(f"CREATE TABLE kept AS SELECT '{word}' AS word")
        with redis.from_url(self.redis) as client:
            client.set("kept", word)

    def remembered(self) -> tuple[str, str]:
        with redis.from_url(self.redis) as client:
            word = client.get("kept").decode()
        return str(self.query("SELECT word FROM kept")[0][0]), word

    def answers(self) -> bool:
        try:
            self.remembered()
        except (psycopg.OperationalError, redis.RedisError):
            return False
        return True

    def end(self) -> int:
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture
def place() -> Iterator[Path]:
    """Return an empty folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="supervisor-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """Return a folder in which the servers have run once, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="supervisor-test-"))
    folder.chmod(0o755)
    code, _, err = finished("--data", str(folder), "--", "true")
    assert (code, err) == (0, "")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def desk(place: Path, made: Path) -> Iterator[Desk]:
    subprocess.run(["cp", "-a", f"{made}/.", str(place)], check=True)
    running = Desk("--data", str(place))
    yield running
    if running.process.poll() is None:
        running.end()
    for stream in (running.process.stdin, running.process.stdout, running.process.stderr):
        stream.close()
    running.process.wait()


def test_a_command_finds_both_servers_and_its_exit_code_is_passed_on(desk):
    assert desk.query("SELECT 1") == [(1,)]
    with redis.from_url(desk.redis) as client:
        assert client.ping()

    assert desk.end() == 7
    assert [pid for pid in desk.family.values() if is_alive(pid)] == []


def test_the_servers_want_their_password(desk):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(desk.database.replace(":", ":x", 2).replace(":x", ":", 1))
    with (
        redis.from_url(desk.redis.replace("redis://:", "redis://:x")) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_data_is_there_again_at_the_next_start(desk, place):
    desk.remember("blue")
    desk.end()

    with Desk("--data", str(place)).process as again:
        again.communicate()
    after = Desk("--data", str(place))

    assert after.remembered() == ("blue", "blue")
    after.end()


@pytest.mark.parametrize("name", ["postgres", "valkey-server"])
def test_a_killed_server_comes_back_with_its_data(desk, name):
    desk.remember("green")

    os.kill(desk.family[name], signal.SIGKILL)

    assert eventually(lambda: children_of(desk.process.pid).get(name, 0) != desk.family[name])
    assert eventually(desk.answers)
    assert desk.remembered() == ("green", "green")
    assert desk.end() == 7


def test_a_killed_supervisor_leaves_nothing_running_and_can_start_again(desk, place):
    desk.remember("red")

    desk.process.kill()

    assert set(desk.family) >= {"postgres", "valkey-server"}
    assert len(desk.family) == 5
    assert eventually(lambda: not any(is_alive(pid) for pid in desk.family.values()))
    after = Desk("--data", str(place))
    assert after.remembered() == ("red", "red")
    after.end()


def test_a_second_supervisor_on_the_same_folder_is_refused(desk, place):
    code, out, err = finished("--data", str(place), "--", "echo", "ran")

    assert (code, out) == (2, "")
    assert f"{place} is in use by another supervisor (process {desk.process.pid})" in err
    assert err.count("\n") == 1


def test_a_second_desk_on_the_same_folder_is_refused_and_the_first_goes_on(desk, place):
    desk.remember("blue")

    code, out, err = finished("--data", str(place), "--port", str(free_port()), action="run")

    assert (code, out) == (2, "")
    assert f"{place} is in use by another supervisor (process {desk.process.pid})" in err
    assert err.count("\n") == 1
    assert desk.remembered() == ("blue", "blue")


def test_a_second_desk_on_the_same_port_is_refused_before_it_starts_anything(place):
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]

        code, out, err = finished("--data", str(place), "--port", str(port), action="run")

    assert (code, out) == (2, "")
    assert err == f"supervisor: port {port} is taken; choose another with PORT= or --port\n"
    assert [path.name for path in place.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--speed", "0"), "--speed: 0.0"),
        (("--port", "0"), "--port: 0"),
    ],
)
def test_a_desk_asked_for_nonsense_starts_nothing(place, words, named):
    code, out, err = finished("--data", str(place), *words, action="run")

    assert (code, out) == (2, "")
    assert named in err
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_command_and_then_the_servers(desk, signum, code):
    desk.process.send_signal(signum)
    desk.process.wait(timeout=30)

    assert desk.process.returncode == code
    assert [pid for pid in desk.family.values() if is_alive(pid)] == []


def test_a_recycled_process_number_in_the_lock_file_is_no_obstacle(desk, place):
    desk.remember("grey")
    desk.end()
    owner = (place / "postgres").stat()
    become = {"user": owner.st_uid, "extra_groups": []} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], **become) as stranger:
        lock = place / "postgres" / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{place / 'postgres'}\n1\n1\n\n127.0.0.1\n")
        os.chown(lock, owner.st_uid, owner.st_gid)

        after = Desk("--data", str(place))

        assert after.remembered()[0] == "grey"
        assert after.end() == 7
        stranger.kill()


def test_nothing_is_kept_of_an_ephemeral_run(place):
    code, out, _ = finished("--ephemeral", "--", "printenv", "DATABASE_URL", TMPDIR=str(place))

    assert code == 0
    assert out.startswith("postgresql://")
    assert list(place.iterdir()) == []


def test_servers_of_one_s_own_are_used_and_none_is_started(place):
    given = {"DATABASE_URL": "postgresql://me@there/mine", "REDIS_URL": "redis://there:1/0"}
    script = "printenv DATABASE_URL REDIS_URL"

    code, out, err = finished("--data", str(place), "--", "sh", "-c", script, **given)

    assert (code, err) == (0, "")
    assert out.split() == list(given.values())
    assert list(place.iterdir()) == []


def test_only_the_missing_server_is_started(place):
    given = {"DATABASE_URL": "postgresql://me@there/mine"}

    code, out, _ = finished("--data", str(place), "--", "printenv", "REDIS_URL", **given)

    assert code == 0
    assert out.startswith("redis://:")
    assert not (place / "postgres").exists()


def test_a_command_that_does_not_exist_gives_127():
    given = {"DATABASE_URL": "postgresql://me@there/mine", "REDIS_URL": "redis://there:1/0"}

    code, _, err = finished("--", "no-such-command", PATH="/usr/bin:/bin", **given)

    assert code == 127
    assert "no-such-command: No such file or directory" in err


def test_a_missing_command_is_a_wrong_usage():
    code, _, err = finished("--ephemeral")

    assert code == 2
    assert "no COMMAND" in err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")
def test_a_folder_the_servers_user_may_not_enter_is_named(place):
    closed = place / "closed"
    closed.mkdir(mode=0o700)

    code, _, err = finished("--data", str(closed / "data"), "--", "true")

    assert code == 2
    assert f"may not enter {closed}" in err
    assert "AITRAPP_DATA or --data" in err
