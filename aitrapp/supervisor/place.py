"""The folder the servers' data lives in: made, checked and held by one supervisor at a time.

What stands inside is the business of `postgres.py` and `valkey.py`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from aitrapp.supervisor.accounts import Account, account_for, barrier
from aitrapp.supervisor.errors import SupervisorError

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = Path("/var/lib/aitrapp")
ENTERABLE = 0o711


def _made(folder: Path) -> None:
    """Make a folder and what is missing above it, such that every user may pass through."""
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir()
        missing.chmod(ENTERABLE)


def default_data(root: Path = ROOT) -> Path:
    """Return where data lives unless told otherwise: AITRAPP_DATA, else `var` in the checkout.

    In a checkout that the servers' user may not enter (root's home), it is a folder of this
    checkout's own in `/var/lib/aitrapp`.
    """
    named = os.environ.get("AITRAPP_DATA")
    if named:
        return Path(named)
    own = root / "var"
    if barrier(own, account_for(own / "postgres")) is None:
        return own
    return SYSTEM / f"{root.name}-{sha256(str(root).encode()).hexdigest()[:8]}"


def check_reach(data: Path, account: Account | None) -> None:
    """Raise `SupervisorError` naming the folder that keeps the servers' user from `data`."""
    closed = barrier(data / "postgres", account)
    if closed is not None and account is not None:
        raise SupervisorError(
            f"the servers run as user {account.uid}, who may not enter {closed}: put the data "
            "elsewhere with AITRAPP_DATA or --data (such as /var/lib/aitrapp), or run as the "
            "owner of that folder"
        )


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Keep every other supervisor out of `data`. Raises `SupervisorError` if one is in."""
    lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
            raise SupervisorError(
                f"{data} is in use by another supervisor (process {owner}): stop that one, or "
                "choose another folder with --data"
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def holder(data: Path) -> int:
    """Return the process id of the supervisor at work in `data`.

    Raises `SupervisorError` when there is none.
    """
    with suppress(OSError, ValueError), (data / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read())
    raise SupervisorError(f"no desk runs in {data}; name its folder with --data")


@contextmanager
def kept(data: Path) -> Iterator[tuple[Path, Account | None]]:
    """Yield a lasting data folder, made if missing, and the user its servers run as."""
    data = data.absolute()
    _made(data)
    data = data.resolve()
    account = account_for(data / "postgres")
    check_reach(data, account)
    with held(data):
        yield data, account


@contextmanager
def passing() -> Iterator[tuple[Path, Account | None]]:
    """Yield a data folder that is removed afterwards, and the user its servers run as."""
    data = Path(tempfile.mkdtemp(prefix="aitrapp-")).resolve()
    try:
        data.chmod(ENTERABLE)
        account = account_for(data / "postgres")
        check_reach(data, account)
        yield data, account
    finally:
        shutil.rmtree(data, ignore_errors=True)
