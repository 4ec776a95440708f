"""The head of a live day's tape: what is listed and watched today, and where it closed before.

What to watch is decided by `marketdata/live_universe.py`; the frames behind the head come from the
feed. Nothing here reads the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog

from marketdata.calendar import Calendar
from marketdata.facts import index_by_name
from marketdata.instruments import Instrument, Kind
from marketdata.live_universe import LiveUniverse, LiveUniverseSettings, MarketFacts, choose
from marketdata.sources import Close, QuoteSource
from marketdata.tape_head import TapeHead
from trading.config import ConfigError, read

MADE_BY = "trading.live_day 1"
_log = structlog.get_logger(__name__)


class LiveDayError(Exception):
    """A day that can't be traded live; the text says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """A day to be traded live, and what is known before it.

    `listed`: in the order of the files. `traded_value`: rupees a day by symbol; a share that isn't
    there is not ranked. `banned`: None where there is no ban list, which blocks every share.
    """

    day: date
    listed: Sequence[Instrument]
    settings: LiveUniverseSettings
    traded_value: Mapping[str, float]
    banned: frozenset[str] | None
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class LiveDay:
    """A day ready to be streamed: the head of its tape, and the universe it was made from."""

    head: TapeHead
    universe: LiveUniverse


def watch_of(document: Mapping[str, Any]) -> LiveUniverseSettings:
    """Return what a configuration's document wants watched. Raises `LiveDayError` for a bad one."""
    try:
        return read(document).live_universe
    except ConfigError as error:
        raise LiveDayError(f"configuration: {error}") from error


async def live_day(plan: LivePlan, quotes: QuoteSource, source: str) -> LiveDay:
    """Return the live day of a plan. `source`: where the prices come from, for the head.

    Raises `LiveDayError` where nothing is to be watched, `SourceFailed` where the broker doesn't
    answer, and the calendar's errors on a day without a session.
    """
    universe = await live_universe(plan, quotes)
    return LiveDay(await live_head(plan, universe, quotes, source), universe)


async def live_universe(plan: LivePlan, quotes: QuoteSource) -> LiveUniverse:
    """Return what the day watches; the chains are laid around the newest prices there are."""
    facts = MarketFacts(
        on=plan.day,
        traded_value=plan.traded_value,
        banned=plan.banned,
        spots=await _spots(plan, quotes),
    )
    universe = choose(plan.listed, plan.settings, facts)
    if not universe.instruments:
        raise LiveDayError(f"{plan.day}: nothing of what is listed is to be watched")
    _log.info(
        "universe chosen",
        day=str(plan.day),
        instruments=len(universe.instruments),
        left_out=universe.reasons(),
        blocked=len(universe.blocked),
    )
    if universe.capped:
        _log.warning("universe capped", cap=plan.settings.most, left_out=universe.capped)
    return universe


async def live_head(
    plan: LivePlan, universe: LiveUniverse, quotes: QuoteSource, source: str
) -> TapeHead:
    """Return the head: instruments with their closes before, and when the day opens and closes."""
    keys = [item.key for item in universe.instruments]
    told = await quotes.previous_closes(keys, plan.day)
    closes, stale = _sorted_out(told, plan.calendar.previous_trading_day(plan.day))
    opens_at, closes_at = _hours(plan, universe.instruments)
    return TapeHead(
        date=plan.day,
        source=source,
        made_by=MADE_BY,
        instruments=universe.instruments,
        previous_close=tuple(
            (item.token, closes[item.key]) for item in universe.instruments if item.key in closes
        ),
        session_open=opens_at,
        session_close=closes_at,
        notes=(*_notes(plan, universe, set(keys) - set(told)), *stale),
    )


def _sorted_out(
    told: Mapping[str, Close], before: date
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the closes that are of the session before or newer, and a note for each that isn't."""
    closes = {key: close.price for key, close in told.items() if not _is_stale(close, before)}
    stale = (
        f"{key}: its newest price is of {told[key].of}, not of {before}"
        for key in sorted(told.keys() - closes.keys())
    )
    return closes, tuple(stale)


def _is_stale(close: Close, before: date) -> bool:
    return close.of is not None and close.of < before


async def _spots(plan: LivePlan, quotes: QuoteSource) -> dict[str, float]:
    """Return the last prices of the chains' underlyings, or where they closed before."""
    wanted = {
        item.key: item.name
        for item in plan.listed
        if item.kind in (Kind.INDEX, Kind.EQUITY) and item.name in plan.settings.chains
    }
    if not wanted:
        return {}
    last = await quotes.last_prices(list(wanted))
    apart = [key for key in wanted if key not in last]
    before = await quotes.previous_closes(apart, plan.day) if apart else {}
    prices = {**{key: close.price for key, close in before.items()}, **last}
    return {wanted[key]: price for key, price in prices.items()}


def _hours(plan: LivePlan, instruments: Sequence[Instrument]) -> tuple[datetime, datetime]:
    """Return when the first of the instruments begins to trade and the last ends."""
    asked = {
        (
            item.segment,
            item.expiry == plan.day,
            item.kind is Kind.INDEX or index_by_name(item.name) is not None,
        )
        for item in instruments
    }
    sessions = [
        plan.calendar.session(
            plan.day, segment, has_derivatives=True, expires_today=expires, is_index=on_index
        )
        for segment, expires, on_index in asked
    ]
    return min(each.opens_at for each in sessions), max(each.closes_at for each in sessions)


def _notes(plan: LivePlan, universe: LiveUniverse, unknown: set[str]) -> Iterator[str]:
    if plan.banned is None:
        yield "all shares: no ban list, entries are blocked"
    if universe.capped:
        yield f"{universe.capped} instruments: over the cap of {plan.settings.most}, left out"
    for key in sorted(unknown):
        yield f"{key}: its close before is not known"
