"""A whole desk under its supervisor for a browser to look at: its login, its people, its rows.

How its processes are found and harmed is in `tests/integration/live_desk.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aitrapp.supervisor.servers import free_port
from backoffice.permissions import Role
from tests.integration.live_desk import ROOT, LiveDesk, open_folder, started

_LOGIN = re.compile(r"login: (\S+)  password: (\S+)")
_START_SECONDS = 120.0


class RunningDesk(LiveDesk):
    """A desk on a day of the test's choice."""

    def __init__(self, data: Path, *words: str) -> None:
        self.data = data
        self.port = free_port()
        self.process = started(data, *words, "--port", str(self.port))

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def login(self) -> tuple[str, str]:
        """Return the name and password that the desk printed, once its console answers."""
        found = self.wait_until(
            "the login", lambda: _LOGIN.search(self.told), seconds=_START_SECONDS
        )
        self.wait_until("the console", lambda: self.answer("/login/") == 200)
        return str(found[1]), str(found[2])

    def add(self, role: Role, password: str) -> None:
        """Make a person of that role, named after it, as an operator does at a terminal."""
        made = (sys.executable, "manage.py", "create_operator", role.value, "--role", role.value)
        settings = {"DJANGO_SETTINGS_MODULE": "aitrapp.settings.local"}
        subprocess.run(
            [*made, "--password-stdin"],
            cwd=ROOT,
            env={**os.environ, **settings, "DATABASE_URL": self.database},
            input=password.encode(),
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def commands(self) -> list[tuple[str, str, str]]:
        """Return kind, state and issuer of every command, oldest first."""
        return [
            (str(kind), str(state), str(by))
            for kind, state, by in self.query(
                "SELECT kind, state, issued_by FROM trading_command ORDER BY id"
            )
        ]

    def count(self, table: str, where: str = "true") -> int:
        """Return how many rows of the desk's one run a table holds."""
        found = self.query(f"SELECT count(*) FROM trading_{table} WHERE {where}")
        return int(found[0][0]) if found else -1


@contextmanager
def running_desk(*words: str) -> Iterator[RunningDesk]:
    """Run a desk in a folder of its own; it is gone afterwards."""
    with open_folder() as folder:
        desk = RunningDesk(folder, *words)
        try:
            yield desk
        finally:
            desk.close()
