"""How long something is held that no order at the broker and no bought option covers.

Only a cause for which no desk could have done anything stops the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from execution.orders import Side
from marketdata.instruments import Kind
from trading.simulation.floor import Row
from trading.simulation.market import FUTURE, OPTIONS, RELIANCE, TCS

_OUTRIGHT = (FUTURE.key, RELIANCE.key, TCS.key)
_KINDS = {
    kind: tuple(option.key for option in OPTIONS if option.kind is kind)
    for kind in (Kind.PUT, Kind.CALL)
}


def uncovered(rows: Iterable[Row], net: Mapping[str, int]) -> dict[str, int]:
    """Return the units without cover, of shares and futures by key, of options sold by kind."""
    buys: dict[str, int] = {}
    sales: dict[str, int] = {}
    for row in rows:
        if row.left:
            side = buys if row.request.side is Side.BUY else sales
            key = row.request.instrument.key
            side[key] = side.get(key, 0) + row.left
    bare = {}
    for key in _OUTRIGHT:
        held = net.get(key, 0)
        bare[key] = abs(held) - (sales if held > 0 else buys).get(key, 0)
    for kind, keys in _KINDS.items():
        bare[str(kind)] = -sum(net.get(key, 0) + buys.get(key, 0) for key in keys)
    return bare


@dataclass(slots=True)
class CoverClock:
    """Counts straight through from look to look; `longest` in seconds of the whole day."""

    longest: float = 0.0
    _since: dict[str, float] = field(default_factory=dict)

    def look(self, gone: float, bare: Mapping[str, int], cause: str) -> list[tuple[str, float]]:
        """Return what is not covered now and since when it has not been, without a cause."""
        found = []
        for key, units in bare.items():
            if units <= 0 or cause:
                since = self._since.pop(key, None)
                if since is not None:
                    self.longest = max(self.longest, gone - since)
                continue
            since = self._since.setdefault(key, gone)
            self.longest = max(self.longest, gone - since)
            found.append((key, since))
        return found
