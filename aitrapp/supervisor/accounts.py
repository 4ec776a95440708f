"""Which system user the servers run as, and what that user can reach.

PostgreSQL refuses to run as root; started by root it runs as an unprivileged user. No user is
created and the mode of no folder outside our own data is changed.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from aitrapp.supervisor.errors import SupervisorError

CANDIDATES = ("postgres", "nobody")
_ENTER = 0o1
_READ_AND_ENTER = 0o5


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group to become before a program is run."""

    uid: int
    gid: int


def account_for(cluster: Path) -> Account | None:
    """Return the user servers must run as, or None to run them as ourselves (not root).

    The owner of an existing `cluster` folder stays its owner; else the first candidate that
    exists. Raises `SupervisorError` when neither is possible.
    """
    if cluster.exists():
        owner = cluster.stat()
        if os.geteuid() not in (0, owner.st_uid):
            raise SupervisorError(
                f"{cluster} belongs to user {owner.st_uid}, not to you ({os.geteuid()}): "
                "run as that user, or choose another folder with --data or AITRAPP_DATA"
            )
        if os.geteuid() == 0 and owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise SupervisorError(
        f"PostgreSQL cannot run as root, and there is no user {' or '.join(CANDIDATES)}: "
        "run as a normal user"
    )


def _allowed(path: Path, account: Account, wanted: int) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        return (status.st_mode >> 6) & wanted == wanted
    if status.st_gid == account.gid:
        return (status.st_mode >> 3) & wanted == wanted
    return status.st_mode & wanted == wanted


def barrier(path: Path, account: Account | None) -> Path | None:
    """Return the topmost folder above `path` that the account may not enter, or None."""
    if account is None:
        return None
    for folder in reversed(path.resolve().parents):
        if not _allowed(folder, account, _ENTER):
            return folder
    return None


def can_run(program: Path, account: Account | None) -> bool:
    """Say whether the account can reach, read and execute `program`."""
    if account is None:
        return True
    return barrier(program, account) is None and _allowed(program, account, _READ_AND_ENTER)


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner of `path`; without one, leave it ours."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
