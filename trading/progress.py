"""How far a long command has come: a bar on a terminal, a line now and then elsewhere.

What is counted is told by the command.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

_WIDTH = 30
_LINES = 20


class Progress:
    """Counts steps to `total` and shows them on `stream`."""

    def __init__(
        self, stream: TextIO, total: int, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._total = total
        self._seconds = seconds
        self._began = seconds()
        self._done = 0
        self._is_terminal = stream.isatty()

    def step(self, what: str) -> None:
        """Take note of one step done."""
        self._done += 1
        every = max(1, self._total // _LINES)
        if self._is_terminal:
            self._stream.write(f"\r\x1b[K{self._text(what)}")
        elif self._done % every == 0 or self._done == self._total:
            self._stream.write(f"{self._text(what)}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the bar's line."""
        if self._is_terminal and self._done:
            self._stream.write("\n")
            self._stream.flush()

    def _text(self, what: str) -> str:
        share = self._done / self._total
        bar = "#" * round(share * _WIDTH)
        passed = self._seconds() - self._began
        left = passed / self._done * (self._total - self._done)
        minutes, seconds = divmod(round(left), 60)
        count = f"{self._done}/{self._total}"
        return f"[{bar:.<{_WIDTH}}] {count} {share:4.0%}, {minutes}:{seconds:02d} left, {what}"
