"""Valkey on a free loopback port with a password: configured, started, asked if it is ready.

It keeps an append-only file, so that a restart forgets at most a second.
"""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from aitrapp.supervisor.binaries import reachable_valkey, valkey_server
from aitrapp.supervisor.processes import ProcessSpec, Restart
from aitrapp.supervisor.servers import HOST, Ground, Server, free_port, own_folder, written

_PROBE_SECONDS = 2.0


def _configuration(folder: Path, port: int, password: str, *, ephemeral: bool) -> str:
    lines = (
        f"bind {HOST}",
        f"port {port}",
        "protected-mode yes",
        f"requirepass {password}",
        f'dir "{folder}"',
        'save ""',
        f"appendonly {'no' if ephemeral else 'yes'}",
        "daemonize no",
    )
    return "".join(f"{line}\n" for line in lines)


def _answers(port: int, password: str) -> bool:
    """Say whether a Valkey with our password answers; while it loads its file, it does not."""
    try:
        with socket.create_connection((HOST, port), _PROBE_SECONDS) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            reply = b""
            while reply.count(b"\n") < 2 and (part := connection.recv(256)):
                reply += part
    except OSError:
        return False
    return reply == b"+OK\r\n+PONG\r\n"


def valkey(ground: Ground) -> Server:
    """Return the Valkey of this ground, with a new password each time.

    Raises `SupervisorError` when there is no program.
    """
    program = reachable_valkey(valkey_server(), ground.account, ground.data)
    folder = own_folder(ground.data / "valkey", ground.account)
    port, password = free_port(), secrets.token_urlsafe(24)
    configuration = folder / "valkey.conf"
    text = _configuration(folder, port, password, ephemeral=ground.ephemeral)
    written(configuration, text, ground.account)
    spec = ProcessSpec(
        name="Valkey",
        argv=(str(program), str(configuration)),
        restart=Restart.ALWAYS,
        environ={"HOME": str(folder)},
        account=ground.account,
        directory=Path(os.sep),
        log=ground.data / "valkey.log",
        answers=lambda: _answers(port, password),
    )
    return Server(spec, "REDIS_URL", f"redis://:{password}@{HOST}:{port}/0")
