"""What PostgreSQL and Valkey have in common here: a place to listen, a password, an address.

How each is set up and asked whether it is ready stands in `postgres.py` and `valkey.py`.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from aitrapp.supervisor.accounts import Account, give
from aitrapp.supervisor.processes import ProcessSpec

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a server is built: its data folder, its user, and whether it may forget everything."""

    data: Path
    account: Account | None
    ephemeral: bool


@dataclass(frozen=True, slots=True)
class Server:
    """A server to run, and the environment variable that tells others where it is."""

    spec: ProcessSpec
    key: str
    url: str


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def written(path: Path, text: str, account: Account | None) -> None:
    """Write a file that only the account (or we) can read."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(text)
    give(path, account)


def kept_secret(path: Path, account: Account | None) -> str:
    """Return the password kept in `path`; make a random one the first time."""
    if path.exists() and (known := path.read_text().strip()):
        return known
    fresh = secrets.token_urlsafe(24)
    written(path, fresh, account)
    return fresh


def own_folder(path: Path, account: Account | None) -> Path:
    """Return `path` as a folder that belongs to the account alone, made if missing."""
    path.mkdir(mode=0o700, exist_ok=True)
    give(path, account)
    return path
