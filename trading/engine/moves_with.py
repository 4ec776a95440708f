"""How the underlyings that money is at risk on move with one that is to be added.

How much of it may be at risk together is the gate's; how alike two columns moved the ranking's.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from marketdata.instruments import Kind
from trading.engine.ledger import Ledger
from trading.engine.settings import EngineSetup

Correlation = Callable[[int, int], float]
"""Of two columns' returns, -1 to 1; NaN where it isn't known."""


class MovesWith:
    """Asks for the correlation of an underlying with every other one that is held or works."""

    def __init__(self, setup: EngineSetup, ledger: Ledger, correlation: Correlation) -> None:
        self._ledger = ledger
        self._correlation = correlation
        self._measures = setup.limits.correlated_from < 1
        self._columns: dict[str, int] = {}
        for column in setup.universe.columns[: setup.universe.studied]:
            item = column.instrument
            name = item.symbol if item.kind is Kind.EQUITY else item.name
            self._columns.setdefault(name, column.index)

    def of(self, underlying: str) -> tuple[tuple[str, float], ...]:
        """Return each other underlying at risk whose correlation is known, with it.

        What somebody else holds in the account counts too. Nothing where the limits look at none.
        """
        place = self._columns.get(underlying)
        if not self._measures or place is None:
            return ()
        names = [stance.underlying for stance in self._ledger.stances()]
        names += [risk.underlying for risk in self._ledger.foreign]
        found = []
        for name in dict.fromkeys(names):
            other = self._columns.get(name)
            if name != underlying and other is not None:
                known = self._correlation(place, other)
                if not math.isnan(known):
                    found.append((name, known))
        return tuple(found)
