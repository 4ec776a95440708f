"""The option chains a live page shows: quotes, volatility, greeks, and what open interest says.

Read from the same frames as the prices, at the moment of the newest; nothing here is read by
anything that decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite

import numpy as np

from marketdata.calendar import IST
from marketdata.dated import FactMissing
from marketdata.option_window import ChainKey
from marketdata.options import greeks
from marketdata.options.books import Fault, mid_of
from marketdata.options.chain import Chain, NoChain, chain_at
from marketdata.options.columns import Chains, by_expiry, chains_of, options_universe
from marketdata.options.iv_history import standing
from marketdata.options.term import constant_maturity, term_structure
from marketdata.panel import Panel
from marketdata.tape import Frame
from marketdata.ticks import Ticks
from marketdata.timeframes import Timeframe
from marketdata.universe import Universe
from trading.broadcast_delta import Document
from trading.broadcast_facts import DeskFacts

_YEAR_DAYS = 365.0
_SIDES = ("call", "put")
_QUOTED = ("bid", "ask", "last", "iv", "delta", "gamma", "theta", "vega")
_COUNTED = ("oi", "volume")
_PLACES = 6


@dataclass(frozen=True, slots=True)
class _Month:
    """Volatility at 30 days of one underlying and where it stands among days before."""

    volatility: float
    rank: float
    percentile: float
    missing: str


class ChainBoard:
    """The chains of one session, folded from its frames in order; none without options."""

    def __init__(self, facts: DeskFacts) -> None:
        self._facts = facts
        self._universe = options_universe(facts.instruments)
        self._chains = _listed(self._universe, facts.date)
        self._panel = self._empty_panel() if self._chains else None
        self._at: datetime | None = None

    @property
    def keys(self) -> tuple[ChainKey, ...]:
        """Return underlying and expiry of every chain, in that order."""
        return tuple(self._chains)

    def prepare(self) -> None:
        """Load the compiled arithmetic, so that no page waits for it."""
        if self._chains:
            greeks.prepare()

    def take(self, ticks: Ticks, frame: Frame) -> None:
        """Take the screened ticks of a frame in."""
        if self._panel is None:
            return
        own = ticks[np.isin(ticks["token"], self._panel.tokens)]
        if len(own):
            self._panel.apply(own)
        self._panel.close_bars(int(frame.at.timestamp()))
        self._at = frame.at

    def documents(self) -> dict[ChainKey, Document]:
        """Return every chain as it stands, empty before the first frame."""
        if self._panel is None or self._at is None:
            return {}
        found: dict[ChainKey, Document] = {}
        for name in sorted({underlying for underlying, _ in self._chains}):
            found.update(self._of(name, self._panel, self._at))
        return found

    def _of(self, name: str, panel: Panel, at: datetime) -> Iterator[tuple[ChainKey, Document]]:
        """Tell the chains of one underlying, the nearest expiry first."""
        listed = by_expiry(self._chains, name)
        read = [chain_at(columns, panel, at) for columns in listed]
        shared = {"at": at.astimezone(IST).isoformat(), **_of_month(self._month(name, read))}
        for columns, chain in zip(listed, read, strict=True):
            key = (name, columns.expiry)
            spot = _number(mid_of(panel, columns.spot, at, columns))
            yield key, {**named(key), **shared, "spot": spot, **_told(chain)}

    def _empty_panel(self) -> Panel:
        facts = self._facts
        session = facts.date.toordinal()
        tokens = self._universe.tokens
        return Panel(tokens, [Timeframe.MINUTE], facts.opens_at_s, session, None, None)

    def _month(self, name: str, read: Iterable[Chain | NoChain]) -> _Month:
        facts = self._facts
        points = term_structure(chain for chain in read if isinstance(chain, Chain))
        now = constant_maturity(points)
        stands = standing(facts.iv_history.get(name, ()), now, facts.date, facts.iv_settings)
        return _Month(now, stands.rank, stands.percentile, stands.why_not)


def named(key: ChainKey) -> Document:
    """Return what tells a chain apart, as pages ask for it."""
    return {"underlying": key[0], "expiry": key[1].isoformat()}


def _listed(universe: Universe, day: date) -> Chains:
    """Return the chains; none on a day without an interest rate, as no price is discounted."""
    try:
        return chains_of(universe, day)
    except FactMissing:
        return {}


def _of_month(month: _Month) -> Document:
    return {
        "iv_month": _number(month.volatility),
        "iv_rank": _number(month.rank),
        "iv_percentile": _number(month.percentile),
        "iv_missing": month.missing,
    }


def _told(chain: Chain | NoChain) -> Document:
    if isinstance(chain, NoChain):
        return {"why_not": chain.reason, "rows": []}
    names = ("forward", "atm_iv", "skew", "pcr_oi", "pcr_volume")
    levels = ("call_wall", "put_wall", "max_pain")
    return {
        "why_not": "",
        "days": _number(chain.years * _YEAR_DAYS),
        "pairs": chain.pairs,
        "atm": _number(float(chain.strikes[chain.atm])),
        **{name: _number(getattr(chain, name)) for name in (*names, *levels)},
        "rows": _rows(chain),
    }


def _rows(chain: Chain) -> list[Document]:
    """Return the strikes of which anything has been told, the lowest first."""
    fault = chain.fault
    silent = np.isin(fault, (Fault.NOT_WATCHED, Fault.SILENT)).all(axis=1)
    quoted = {name: getattr(chain, name).tolist() for name in _QUOTED}
    counted = {name: getattr(chain, name).tolist() for name in _COUNTED}
    return [
        {
            "strike": float(chain.strikes[place]),
            **{
                side: {
                    **{name: _number(values[place][at]) for name, values in quoted.items()},
                    **{name: values[place][at] for name, values in counted.items()},
                    "fault": Fault(int(fault[place, at])).reason,
                }
                for at, side in enumerate(_SIDES)
            },
        }
        for place in np.flatnonzero(~silent).tolist()
    ]


def _number(value: float) -> float | None:
    return round(value, _PLACES) if isfinite(value) else None
