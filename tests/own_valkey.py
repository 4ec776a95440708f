"""A Valkey of a test's own, to be stopped, frozen and started again without harm to others."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import redis

from aitrapp.supervisor.binaries import valkey_server
from aitrapp.supervisor.servers import HOST, free_port


class OwnValkey:
    """Keeps nothing: started again it is empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://{HOST}:{self._port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=30)

    def start(self) -> None:
        words = ("--port", str(self._port), "--bind", HOST, "--save", "", "--dir", self._folder)
        self._process = subprocess.Popen(
            [str(valkey_server()), *map(str, words)], stdout=subprocess.DEVNULL
        )
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"valkey ended with {self._process.returncode}")

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self._port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
        except OSError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it stand still: it takes connections and answers nothing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.client.close()
        self.stop()
