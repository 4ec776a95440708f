"""What volatility a day's options told near its end, read from the day's own tape.

Storing it is `services/iv_days.py`; it reads a whole day, and loads the compiled arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan

import numpy as np

from marketdata.feed import KeptTape
from marketdata.options.chain import Chain, by_expiry, chain_at, chains_of
from marketdata.options.columns import options_universe
from marketdata.options.term import TermPoint, constant_maturity, term_structure
from marketdata.panel import Panel
from marketdata.timeframes import Timeframe
from marketdata.universe import Universe

BEFORE_CLOSE = timedelta(minutes=15)
"""How long before the close volatility is taken: auctions and the last rush are out of it."""


@dataclass(frozen=True, slots=True)
class DayVolatility:
    """Volatility at 30 days of one underlying, NaN where its options told none, and of what."""

    underlying: str
    volatility: float
    points: tuple[TermPoint, ...]

    @property
    def is_known(self) -> bool:
        """Say whether there is one."""
        return not isnan(self.volatility)


def iv_of_tape(tape: KeptTape) -> tuple[DayVolatility, ...]:
    """Return the volatilities of a day's underlyings that have options, by name.

    Raises as the tape's reader does.
    """
    universe = options_universe(tape.head.instruments)
    chains = chains_of(universe, tape.head.date)
    if not chains:
        return ()
    at = tape.head.session_close - BEFORE_CLOSE
    panel = _panel_at(tape, universe, at)
    found = []
    for name in sorted({underlying for underlying, _ in chains}):
        read = (chain_at(columns, panel, at) for columns in by_expiry(chains, name))
        points = term_structure(chain for chain in read if isinstance(chain, Chain))
        found.append(DayVolatility(name, constant_maturity(points), points))
    return tuple(found)


def _panel_at(tape: KeptTape, universe: Universe, at: datetime) -> Panel:
    opens_at = int(tape.head.session_open.timestamp())
    panel = Panel(
        universe.tokens, [Timeframe.MINUTE], opens_at, tape.head.date.toordinal(), None, None
    )
    for frame in tape.frames():
        if frame.at > at:
            break
        panel.apply(frame.ticks[np.isin(frame.ticks["token"], universe.tokens)])
        panel.close_bars(int(frame.at.timestamp()))
    return panel
