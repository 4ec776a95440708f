"""What the screen found since it was last told, so that a bad minute of a feed is told briefly.

What a fault is, and what is done to a tick that has one, is said in `marketdata/quality.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from marketdata.quality import Fault
from trading.engine.events import DataFault

_MOST_NAMED = 10


class FaultTally:
    """Faults counted by instrument and reason."""

    def __init__(self, symbols: Mapping[int, str]) -> None:
        """Begin with none; a token that is not in `symbols` is told by its number."""
        self._symbols = symbols
        self._counts: dict[tuple[int, str], int] = {}

    def add(self, faults: Iterable[Fault]) -> None:
        """Count what was found in one frame."""
        counts = self._counts
        for fault in faults:
            key = (fault.token, fault.reason)
            counts[key] = counts.get(key, 0) + fault.count

    def told(self, at: datetime) -> tuple[DataFault, ...]:
        """Return what was counted since the last call, by symbol and reason.

        Of more than ten instruments with the same reason the worst are named, by symbol where
        equal; the others follow as one.
        """
        counts, self._counts = self._counts, {}
        by_reason: dict[str, list[tuple[int, str]]] = {}
        for (token, reason), count in counts.items():
            symbol = self._symbols.get(token, str(token))
            by_reason.setdefault(reason, []).append((-count, symbol))
        named, others = [], []
        for reason, rows in sorted(by_reason.items()):
            rows.sort()
            named += [(symbol, reason, -count) for count, symbol in rows[:_MOST_NAMED]]
            rest = [-count for count, _ in rows[_MOST_NAMED:]]
            if rest:
                others.append((f"{len(rest)} other instruments", reason, sum(rest)))
        return tuple(DataFault(at, *each) for each in [*sorted(named), *others])
