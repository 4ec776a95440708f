"""PostgreSQL without a server: everything but connecting; Django finds it by this module's name.

It lets settings be imported, models be checked and migrations be made with no server at hand.
"""

from __future__ import annotations

from typing import NoReturn

from django.db.backends.postgresql import base
from django.db.utils import OperationalError


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection that is never made."""

    def connect(self) -> NoReturn:
        """Refuse, naming the missing key. Raises `OperationalError`."""
        raise OperationalError(
            "DATABASE_URL is not set: expected postgresql://user:password@host:port/name. "
            "To have a server started for you, run the command under "
            "`python -m aitrapp.supervisor exec -- ...`, as `make day` and `make test` do."
        )

    def ensure_connection(self) -> NoReturn:
        """Refuse as `connect` does."""
        self.connect()
