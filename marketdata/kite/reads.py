"""Reading from Kite outside an order's way: each call in its turn, in a thread, again if need be.

What the answers mean is `quotes.py`, `instruments.py` and `history.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from kiteconnect.exceptions import (
    InputException,
    KiteException,
    PermissionException,
    TokenException,
)

from marketdata.kite.client import CALL_FAILURES, Client
from marketdata.pacing import Call, Lane, OverBudget, Pacer
from marketdata.sources import LoginWanted, SourceFailed

T = TypeVar("T")

_TOO_MANY = 429
_CREDENTIALS = ("api_key", "access_token")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a read is tried, and how long the first pause is; each further one doubles."""

    tries: int = 4
    pause_seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError(f"tries: {self.tries}, expected 1 or more")


class Reads:
    """Reads of one session; `pause` waits so many seconds, more or less."""

    def __init__(
        self,
        client: Client,
        pacer: Pacer,
        pause: Callable[[float], Awaitable[None]],
        patience: Patience,
    ) -> None:
        self._client = client
        self._pacer = pacer
        self._pause = pause
        self._patience = patience

    async def ask(self, call: Call, read: Callable[[Client], T]) -> T:
        """Return what `read` returns, which runs in a thread of its own.

        Raises `LoginWanted` for a dead session, `SourceFailed` where Kite says no, or nothing
        came of any try.
        """
        seconds = self._patience.pause_seconds
        failure = SourceFailed("nothing was asked")
        for number in range(self._patience.tries):
            if number:
                await self._pause(seconds * 2 ** (number - 1))
            try:
                await self._pacer.take(call, Lane.NORMAL)
                return await asyncio.to_thread(read, self._client)
            except OverBudget as error:
                failure = SourceFailed(str(error))
            except CALL_FAILURES as error:
                failure = self._failure(call, error)
            if isinstance(failure, LoginWanted | _SaidNo):
                break
        raise failure

    def _failure(self, call: Call, error: Exception) -> SourceFailed:
        """Return what a failure means, holding on to nothing of it."""
        is_limit = getattr(error, "code", None) == _TOO_MANY
        if is_limit:
            self._pacer.hold(call)
        if not isinstance(error, KiteException):
            return SourceFailed(str(error))
        told = f"{type(error).__name__} {error.code}: {error}"
        if is_limit:
            return SourceFailed(told)
        if _wants_login(error):
            return LoginWanted(told)
        is_no = isinstance(error, InputException | PermissionException)
        return _SaidNo(told) if is_no else SourceFailed(told)


class _SaidNo(SourceFailed):
    """Kite understood and refused; asking again would be answered the same."""


def _wants_login(error: KiteException) -> bool:
    if isinstance(error, TokenException):
        return True
    text = str(error).lower()
    return isinstance(error, InputException) and any(name in text for name in _CREDENTIALS)
