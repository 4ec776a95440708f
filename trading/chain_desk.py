"""The option windows of a running desk: moved by its engine's prices, from time to time.

Where a window belongs is said by `marketdata/option_window.py`. Nothing here decides anything that
is traded, and nothing is moved while a journal's past is lived through again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from marketdata.bars import Floats
from marketdata.instruments import Instrument, Kind
from marketdata.option_window import Chain, chains_of
from marketdata.tape_head import TapeHead
from trading.bootstrap import Outside
from trading.chain_follower import ChainFollower
from trading.engine.core import Engine
from trading.engine.runner import Input

_EVERY = timedelta(seconds=1)
_UNDERLYING = (Kind.INDEX, Kind.EQUITY)


def listed_chains(head: TapeHead) -> tuple[Chain, ...]:
    """Return the chains of every underlying and expiry that a day lists options of."""
    options = [item for item in head.instruments if item.kind in (Kind.CALL, Kind.PUT)]
    names = sorted({item.name for item in options})
    expiries = {item.expiry for item in options}
    return chains_of(options, head.date, names, len(expiries))


class ChainDesk:
    """Moves a follower's windows to where an engine sees the underlyings."""

    def __init__(self, engine: Engine, follower: ChainFollower) -> None:
        """Begin around where the underlyings closed before."""
        self._engine = engine
        self._follower = follower
        names = follower.names
        self._spots = [
            column
            for column in engine.setup.universe.columns
            if column.instrument.kind in _UNDERLYING and column.instrument.name in names
        ]
        self._looked_at: datetime | None = None
        follower.follow(self._prices(engine.setup.previous_close), ())

    def around(self, outside: Outside) -> Outside:
        """Return what a run is given from outside; the windows follow whenever it is asked."""

        def inputs(at: datetime) -> Sequence[Input]:
            self.look(at)
            return outside.inputs(at)

        return replace(outside, inputs=inputs)

    def look(self, at: datetime) -> None:
        """Move the windows, at most once a second of the day; what is held stays subscribed."""
        if self._looked_at is not None and at - self._looked_at < _EVERY:
            return
        self._looked_at = at
        held = {item.token for item in self._held()}
        self._follower.follow(self._prices(self._engine.panel.last), held)

    def _held(self) -> list[Instrument]:
        return [trade.instrument for trade in self._engine.ledger.alive()]

    def _prices(self, prices: Sequence[float] | Floats) -> Mapping[str, float]:
        """Return the prices of underlyings with options by name, but not those unknown."""
        told = {column.instrument.name: float(prices[column.index]) for column in self._spots}
        return {name: price for name, price in told.items() if price > 0}
