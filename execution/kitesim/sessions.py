"""Who may talk to kitesim: keys, one-use request tokens, access tokens and when they die.

How the calls that lead here look on the wire is `rest_session.py`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from marketdata.calendar import IST

_DIES_AT = time(6, 0)


class LoginRefused(Exception):
    """A token exchange that Kite would answer with a TokenException; the text is Kite's."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One app of one account: what its developer holds, and whose account it is."""

    api_key: str
    api_secret: str
    user_id: str

    @classmethod
    def of(cls, seed: int) -> Keys:
        """Return the keys of a seed, in Kite's form: 16 and 32 letters and digits."""
        return cls(_word(seed, "key", 16), _word(seed, "secret", 32), f"SIM{seed % 1000:03d}")


@dataclass(frozen=True, slots=True)
class Session:
    """A login that was granted: its token, when it began and when it ends by itself."""

    access_token: str
    public_token: str
    enctoken: str
    login_at: datetime
    dies_at: datetime


class Sessions:
    """Request tokens that were given out, and the one access token that is valid, if any."""

    def __init__(self, keys: Keys, now: Callable[[], datetime], *, seed: int) -> None:
        """Open without a login. `now`: the simulated time, aware."""
        self.keys = keys
        self._now = now
        self._seed = seed
        self._number = 0
        self._waiting: set[str] = set()
        self._session: Session | None = None

    @property
    def session(self) -> Session | None:
        """Return the login that is valid now, or None."""
        session = self._session
        return session if session is not None and self._now() < session.dies_at else None

    def request_token(self) -> str:
        """Return a new request token, as the redirect after a login carries it; for one use."""
        token = self._next("request")
        self._waiting.add(token)
        return token

    def exchange(self, api_key: str, request_token: str, checksum: str) -> Session:
        """Return a new session for a request token; an older session ends.

        `checksum`: SHA-256 of key, request token and secret. Raises `LoginRefused`.
        """
        expected = checksum_of(self.keys.api_key, request_token, self.keys.api_secret)
        if api_key != self.keys.api_key:
            raise LoginRefused("Invalid `api_key`.")
        if request_token not in self._waiting:
            raise LoginRefused("Token is invalid or has expired.")
        if not hmac.compare_digest(checksum.encode(), expected.encode()):
            raise LoginRefused("Invalid `checksum`.")
        self._waiting.discard(request_token)
        self._session = self._new_session()
        return self._session

    def is_valid(self, api_key: str, access_token: str) -> bool:
        """Say whether the pair may call now."""
        session = self.session
        return (
            session is not None
            and api_key == self.keys.api_key
            and hmac.compare_digest(access_token.encode(), session.access_token.encode())
        )

    def end(self, api_key: str, access_token: str) -> bool:
        """End a session by logout and say whether there was one to end."""
        if not self.is_valid(api_key, access_token):
            return False
        self._session = None
        return True

    def kill(self) -> None:
        """End the session as a logout from elsewhere does."""
        self._session = None

    def _new_session(self) -> Session:
        login_at = self._now()
        return Session(
            access_token=self._next("access"),
            public_token=self._next("public"),
            enctoken=self._next("enc"),
            login_at=login_at,
            dies_at=dies_after(login_at),
        )

    def _next(self, purpose: str) -> str:
        self._number += 1
        return _word(self._seed, f"{purpose}/{self._number}", 32)


def checksum_of(api_key: str, request_token: str, api_secret: str) -> str:
    """Return what proves that a token exchange comes from who holds the secret."""
    return hashlib.sha256(f"{api_key}{request_token}{api_secret}".encode()).hexdigest()


def dies_after(login_at: datetime) -> datetime:
    """Return when a token dies by itself: at 06:00 IST of the next day, or of the same one."""
    local = login_at.astimezone(IST)
    end = datetime.combine(local.date(), _DIES_AT, tzinfo=IST)
    return end if local < end else end + timedelta(days=1)


def _word(seed: int, purpose: str, length: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    number = int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest(), "big")
    word = []
    for _ in range(length):
        number, digit = divmod(number, len(digits))
        word.append(digits[digit])
    return "".join(word)
