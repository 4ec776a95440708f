"""How the underlyings that money is at risk on move with one that is to be added.

How much of it may be at risk together is the gate's; how alike two columns moved the ranking's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from marketdata.instruments import Kind
from risk.exposure import OpenRisk
from strategies.opportunities import Stance
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
        self._held: Sequence[Stance] = ()
        self._foreign: Sequence[OpenRisk] = ()
        self._others: tuple[tuple[str, int], ...] = ()
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
        found = []
        for name, other in self._at_risk():
            if name != underlying:
                known = self._correlation(place, other)
                if not math.isnan(known):
                    found.append((name, known))
        return tuple(found)

    def _at_risk(self) -> tuple[tuple[str, int], ...]:
        """Return the underlyings at risk and their columns; read anew where others are held."""
        held, foreign = self._ledger.stances(), self._ledger.foreign
        if held is not self._held or foreign is not self._foreign:
            self._held, self._foreign = held, foreign
            names = dict.fromkeys([each.underlying for each in held])
            names.update(dict.fromkeys([each.underlying for each in foreign]))
            columns = self._columns
            self._others = tuple((name, columns[name]) for name in names if name in columns)
        return self._others
