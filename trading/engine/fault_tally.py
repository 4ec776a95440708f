"""What the screen found since it was last told, so that a bad minute of a feed is told briefly.

What a fault is, and what is done to a tick that has one, is said in `marketdata/quality.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from marketdata.quality import Faults, counted
from trading.engine.events import DataFault

_MOST_NAMED = 10


class FaultTally:
    """Faults counted by instrument and reason."""

    def __init__(self, symbols: Mapping[int, str]) -> None:
        """Begin with none; a token that is not in `symbols` is told by its number."""
        self._symbols = symbols
        self._counts: Counter[tuple[int, int]] = Counter()

    def add(self, faults: Faults) -> None:
        """Count what was found in one frame."""
        if len(faults.tokens):
            self._counts.update(zip(faults.tokens.tolist(), faults.findings.tolist(), strict=True))

    def told(self, at: datetime) -> tuple[DataFault, ...]:
        """Return what was counted since the last call, by symbol and reason.

        Of more than ten instruments with the same reason the worst are named, by symbol where
        equal; the others follow as one.
        """
        counts, self._counts = self._counts, Counter()
        by_reason: dict[str, list[tuple[int, str]]] = {}
        for fault in counted(counts):
            symbol = self._symbols.get(fault.token, str(fault.token))
            by_reason.setdefault(fault.reason, []).append((-fault.count, symbol))
        named, others = [], []
        for reason, rows in sorted(by_reason.items()):
            rows.sort()
            named += [(symbol, reason, -count) for count, symbol in rows[:_MOST_NAMED]]
            rest = [-count for count, _ in rows[_MOST_NAMED:]]
            if rest:
                others.append((f"{len(rest)} other instruments", reason, sum(rest)))
        return tuple(DataFault(at, *each) for each in [*sorted(named), *others])
