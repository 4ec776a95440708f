"""The broker login of a running day: refusals told to the desk, new logins taken over without stop.

What asks the database runs in the thread that listens; the loop that trades only looks at what was
found. How a login is kept is `services/broker_login.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from django.utils import timezone

from trading.services import broker_login
from trading.services.broker_login import Access, NoSessionError

_log = structlog.get_logger(__name__)


class LoggedIn(Protocol):
    """Something that works in a login."""

    @property
    def refusal(self) -> str:
        """Return why the broker wants a new login, empty while it doesn't."""

    def renew(self, access_token: str) -> None:
        """Go on with the token of another login."""


@dataclass(slots=True)
class LoginWatch:
    """Keeps a desk in the newest login.

    `held`: the login that the desk works in, None where it began without. `find`: returns the
    login there is, raises `NoSessionError`.
    """

    held: Access | None
    find: Callable[[], Access]
    _found: Access | None = None
    _refused: tuple[Access, str] | None = None

    def ask(self) -> dict[str, str]:
        """Ask the database, from its own thread; nothing here blocks entries by itself."""
        if (refused := self._refused) is not None:
            access, why = refused
            broker_login.refused(access=access, why=why, at=timezone.now())
            self._refused = None
        try:
            self._found = self.find()
        except NoSessionError:
            self._found = None
        return {}

    def attend(self, desk: LoggedIn) -> None:
        """Look, from the loop: take a newer login over, or pass on that ours is refused."""
        found = self._found
        if found is not None and (self.held is None or found.logged_in_at > self.held.logged_in_at):
            self.held = found
            desk.renew(found.access_token)
            _log.info("new login at the broker", logged_in_at=str(found.logged_in_at))
        elif self.held is not None and desk.refusal and self._refused is None and self._is_open():
            self._refused = (self.held, desk.refusal)

    def _is_open(self) -> bool:
        """Say whether the login we work in is, as far as known, the one the database has."""
        found = self._found
        return found is not None and self.held is not None and found == self.held
