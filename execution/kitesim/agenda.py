"""What is still to happen at a simulated moment, in the order of time and then of being noted.

What happens to an order when is decided in `books.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime

Deed = Callable[[datetime], None]
"""What is done at its moment; it is given that moment."""


class Agenda:
    """Deeds noted for later; a deed may note further ones, for its own moment too."""

    def __init__(self) -> None:
        self._noted: list[tuple[datetime, int, Deed]] = []
        self._number = 0

    def note(self, due: datetime, deed: Deed) -> None:
        """Note a deed for `due`."""
        self._number += 1
        heapq.heappush(self._noted, (due, self._number, deed))

    def run(self, until: datetime) -> None:
        """Do everything that is due by `until`."""
        while self._noted and self._noted[0][0] <= until:
            due, _, deed = heapq.heappop(self._noted)
            deed(due)
