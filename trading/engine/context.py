"""What strategies and the ranking may know besides bars: how dear options are, days, events.

The names of the readings are the strategies'; bars and features are `scan.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import nan

import numpy as np

from marketdata.bars import Floats
from marketdata.expiry_flags import expiry_flags, own_exchanges, segment_expiries
from marketdata.options.chain import Chain, Chains, by_expiry, chain_at
from marketdata.options.greeks import prepare
from marketdata.options.iv_history import NoStanding, Standing, standing
from marketdata.options.term import constant_maturity, term_structure
from marketdata.panel import Panel
from strategies.context import (
    DAYS_TO_EXPIRY,
    EXPIRY_DAY,
    IV_PERCENTILE,
    IV_RANK,
    MINUTES_TO_EVENT,
    MONTHLY_EXPIRY,
    SEGMENT_EXPIRY,
)
from trading.engine.settings import EngineSetup


class Readings:
    """The readings of every column that is studied, worked out when they are asked for."""

    def __init__(self, setup: EngineSetup, panel: Panel, chains: Chains) -> None:
        self._setup = setup
        self._panel = panel
        self._chains = chains
        if chains:
            prepare()
        columns = setup.universe.columns[: setup.universe.studied]
        self._names = tuple(dict.fromkeys(column.instrument.name for column in columns))
        places = {name: place for place, name in enumerate(self._names)}
        self._places = np.array([places[column.instrument.name] for column in columns], np.int64)
        there = {name: by_expiry(chains, name) for name in {name for name, _ in chains}}
        self._there = {name: there[name] for name in self._names if name in there}
        self._known: tuple[datetime | None, dict[str, Standing]] = (None, {})
        self._flags: dict[str, dict[str, float]] = {}

    def at(self, at: datetime, wanted: Iterable[str]) -> Mapping[str, Floats]:
        """Return the readings wanted by name, shape `(studied,)`, NaN where unknown."""
        return {name: self._reading(name, at) for name in wanted}

    def why_unknown(self, underlying: str, reading: str) -> str:
        """Return why an underlying had no standing at the moment last asked for.

        Empty for other readings, and where it had one.
        """
        if reading not in (IV_PERCENTILE, IV_RANK):
            return ""
        _, known = self._known
        if underlying not in known:
            return "" if underlying in self._there else str(NoStanding.NO_CHAIN)
        return known[underlying].why_not

    def _reading(self, name: str, at: datetime) -> Floats:
        if name == IV_PERCENTILE:
            return self._by_column({u: s.percentile for u, s in self._standings(at).items()})
        if name == IV_RANK:
            return self._by_column({u: s.rank for u, s in self._standings(at).items()})
        if name == MINUTES_TO_EVENT:
            return self._by_column(self._minutes_to_event(at))
        if name in (DAYS_TO_EXPIRY, EXPIRY_DAY, MONTHLY_EXPIRY, SEGMENT_EXPIRY):
            if name not in self._flags:
                is_flag = name != DAYS_TO_EXPIRY
                self._flags[name] = self._expiry_flag(name) if is_flag else self._days_to_expiry()
            return self._by_column(self._flags[name])
        raise ValueError(f"context: {name}, expected a reading that is known")

    def _by_column(self, values: Mapping[str, float]) -> Floats:
        named = np.full(len(self._names), nan)
        if values:
            named[:] = [values.get(name, nan) for name in self._names]
        return named[self._places]

    def _standings(self, at: datetime) -> Mapping[str, Standing]:
        """Return where the volatility of each underlying with options stands."""
        moment, known = self._known
        if moment != at:
            known = {name: self._stands(name, at) for name in self._there}
            self._known = (at, known)
        return known

    def _stands(self, underlying: str, at: datetime) -> Standing:
        setup = self._setup
        history = setup.iv_history.get(underlying, ())
        if not history:
            return Standing.nowhere(NoStanding.NO_HISTORY)
        read = (chain_at(columns, self._panel, at) for columns in self._there[underlying])
        now = constant_maturity(term_structure(c for c in read if isinstance(c, Chain)))
        return standing(history, now, setup.day, setup.iv_settings)

    def _days_to_expiry(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, expiry in sorted(self._chains):
            found.setdefault(name, float((expiry - self._setup.day).days))
        return found

    def _expiry_flag(self, name: str) -> dict[str, float]:
        listed = [column.instrument for column in self._setup.universe.columns]
        day = self._setup.day
        if name == SEGMENT_EXPIRY:
            on = segment_expiries(listed, day)
            return {u: float(not on.isdisjoint(own)) for u, own in own_exchanges(listed).items()}
        flags = expiry_flags(listed, day).items()
        return {u: float(flag.today if name == EXPIRY_DAY else flag.monthly) for u, flag in flags}

    def _minutes_to_event(self, at: datetime) -> dict[str, float]:
        windows = [w for w in self._setup.event_windows if w.effects.blocks and w.begins > at]
        if not windows:
            return {}
        ahead = {u: [w.begins for w in windows if w.concerns(u)] for u in self._names}
        return {u: (min(times) - at).total_seconds() / 60.0 for u, times in ahead.items() if times}
