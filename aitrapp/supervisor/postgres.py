"""PostgreSQL on a free loopback port with a password: made once, started, asked if it is ready.

The schema in it is made by the project's migrations.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from aitrapp.supervisor.accounts import Account
from aitrapp.supervisor.binaries import postgres_folder, reachable_postgres
from aitrapp.supervisor.children import launched
from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.processes import ProcessSpec, Restart
from aitrapp.supervisor.servers import HOST, Ground, Server, free_port, kept_secret, own_folder

NAME = "aitrapp"
_LEAVING_SECONDS = 20.0
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "jit": "off",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _run(argv: tuple[str, ...], account: Account | None, text: str = "") -> None:
    done = subprocess.run(
        launched(argv, account, signal.SIGKILL),
        input=text,
        cwd="/",
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        umask=0o077,
        check=False,
    )
    if done.returncode != 0:
        raise SupervisorError(f"{Path(argv[0]).name} failed:\n{done.stdout.strip()}")


def _make_cluster(programs: Path, cluster: Path, password: Path, ground: Ground) -> None:
    """Make the cluster with our database in it, whole or not at all."""
    unfinished = cluster.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    own_folder(unfinished, ground.account)
    how = ["-E", "UTF8", "--locale=C", "--auth=scram-sha-256", "--data-checksums"]
    how += ["--no-sync"] if ground.ephemeral else []
    who = ["-U", NAME, f"--pwfile={password}", "-D", str(unfinished)]
    _run((str(programs / "initdb"), *how, *who), ground.account)
    single = ["--single", "-j", "-D", str(unfinished), "postgres"]
    settings = ["-c", "fsync=off"] if ground.ephemeral else []
    _run(
        (str(programs / "postgres"), *single[:-1], *settings, single[-1]),
        ground.account,
        f"CREATE DATABASE {NAME};\n\n",
    )
    unfinished.rename(cluster)


def _is_server_of(pid: int, cluster: Path) -> bool:
    """Say whether the process is a PostgreSQL at work in `cluster`, not another with its number."""
    process = Path("/proc") / str(pid)
    try:
        at_home = (process / "cwd").resolve(strict=True) == cluster
        return at_home and (process / "comm").read_text().strip() == "postgres"
    except OSError:
        return False


def clear_stale_lock(cluster: Path) -> None:
    """Remove the lock file of a server that is gone; wait for one that is still leaving.

    PostgreSQL itself takes any living process with the number in the file for its predecessor,
    which after a restart of the machine it often is not. Only safe for the holder of the data
    folder. Raises `SupervisorError` if a server stays.
    """
    lock = cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        lock.unlink(missing_ok=True)
        return
    deadline = time.monotonic() + _LEAVING_SECONDS
    while _is_server_of(pid, cluster):
        if time.monotonic() > deadline:
            raise SupervisorError(f"PostgreSQL {pid} still runs in {cluster}: stop it first")
        time.sleep(0.05)
    lock.unlink(missing_ok=True)


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def postgres(ground: Ground) -> Server:
    """Return the PostgreSQL of this ground, its cluster made if there is none yet.

    Raises `SupervisorError` when there are no programs or the cluster cannot be made.
    """
    programs = reachable_postgres(postgres_folder(), ground.account, ground.data)
    cluster = ground.data / "postgres"
    password = ground.data / "postgres.password"
    secret = kept_secret(password, ground.account)
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(programs, cluster, password, ground)
    port = free_port()
    settings = {**_SETTINGS, "port": str(port), **(_FORGETFUL if ground.ephemeral else {})}
    url = f"postgresql://{NAME}:{secret}@{HOST}:{port}/{NAME}"
    spec = ProcessSpec(
        name="PostgreSQL",
        argv=(
            str(programs / "postgres"),
            *("-D", str(cluster)),
            *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
        ),
        restart=Restart.ALWAYS,
        environ={"HOME": str(cluster), "PGDATA": str(cluster), "LC_ALL": "C"},
        account=ground.account,
        directory=Path(os.sep),
        log=ground.data / "postgres.log",
        stop=signal.SIGINT,
        orphaned=signal.SIGINT,
        before=lambda: clear_stale_lock(cluster),
        answers=lambda: _answers(url),
    )
    return Server(spec, "DATABASE_URL", url)
