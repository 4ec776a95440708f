"""The desk's state made from its rows, for all pages of this process together.

Making it reads the day's whole tape, so it is made once for everybody and kept for some seconds.
What it says is decided by the broadcast.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from trading.broadcast import state_from_rows
from trading.models import Run

KEPT_SECONDS = 5.0


@dataclass(slots=True)
class FromRows:
    """Tells the newest run's state; while one reader has it made, the others wait for that."""

    clock: Callable[[], float]
    _made: dict[str, tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, account: str) -> str:
        """Return the state as JSON, `null` before the first run.

        It is kept for `KEPT_SECONDS`, or for as long as it took to make where that is longer:
        making it must not keep the process from all else.
        """
        with self._lock:
            began = self.clock()
            until, text = self._made.get(account, (float("-inf"), ""))
            if began > until:
                text = _text(account)
                made = self.clock()
                self._made[account] = made + max(KEPT_SECONDS, made - began), text
        return text

    def forget(self) -> None:
        """Let the next reader have it made anew."""
        with self._lock:
            self._made.clear()


def newest_run(account: str) -> Run | None:
    """Return the account's newest run, None before the first."""
    return Run.objects.filter(account__code=account).order_by("-started_at", "-id").first()


def _text(account: str) -> str:
    run = newest_run(account)
    state = None if run is None else state_from_rows(run)
    return json.dumps(state, default=str, separators=(",", ":"))


FROM_ROWS = FromRows(time.monotonic)
"""The one of this process."""
