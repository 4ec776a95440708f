"""The head of a live day: what is watched, where it closed, and when the day opens and closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from marketdata.calendar import IST, Calendar, NoSession
from marketdata.dump_checks import day_dump, rules_on
from marketdata.instrument_dump import DumpRules, read_dump
from marketdata.instruments import Instrument, Kind
from marketdata.live_universe import LiveUniverseSettings
from marketdata.made_dump import DumpSize, made_dump
from marketdata.sources import Close
from trading.services.live_day import LivePlan, live_day, live_universe

DAY = date(2026, 10, 6)
EXPIRY = date(2026, 10, 27)


class MadeQuotes:
    """Tells the same prices of everything but what is named as unknown."""

    def __init__(self, *unknown: str, last: bool = True, of: date | None = None) -> None:
        self.unknown, self.has_last, self.of = unknown, last, of
        self.asked: list[str] = []

    async def previous_closes(self, keys: Sequence[str], day: date) -> dict[str, Close]:
        self.asked.append("close")
        told = {key: Close(_price(key) - 10, self.of) for key in keys if key not in self.unknown}
        return {key: close for key, close in told.items() if day == DAY}

    async def last_prices(self, keys: Sequence[str]) -> dict[str, float]:
        self.asked.append("last")
        return {key: _price(key) for key in keys if self.has_last}

    async def price_limits(self, keys: Sequence[str]) -> dict[str, tuple[Decimal, Decimal]]:
        raise AssertionError("not asked for the head")


def _price(key: str) -> float:
    return {"NSE:NIFTY 50": 24_510.0, "NSE:NIFTY BANK": 55_020.0}.get(key, 100.0)


@pytest.fixture(scope="module")
def plan() -> LivePlan:
    calendar = Calendar.load()
    made = made_dump(DAY, calendar, DumpSize(shares=20, with_derivatives=3))
    alone = DumpRules(DAY, 0, frozenset())
    files = {name: read_dump(name, raw, alone) for name, raw in made.items()}
    return LivePlan(
        day=DAY,
        listed=day_dump(files, rules_on(DAY, practice=True), {}).instruments,
        settings=LiveUniverseSettings(stocks=2, chain_reach=0.01, chain_days=0),
        traded_value={"RELIANCE": 9e9, "HDFCBANK": 8e9},
        banned=frozenset(),
        calendar=calendar,
    )


async def test_the_head_tells_instruments_and_their_closes_before(plan: LivePlan) -> None:
    day = await live_day(plan, MadeQuotes(), "kite")

    head = day.head
    assert (head.date, head.source, head.made_by) == (DAY, "kite", "trading.live_day 1")
    assert head.instruments == day.universe.instruments
    assert dict(head.previous_close)[head.instruments[0].token] == 24_500.0
    assert len(head.previous_close) == len(head.instruments)
    assert head.notes == ()


async def test_the_day_is_as_long_as_the_instrument_that_trades_longest(plan: LivePlan) -> None:
    head = (await live_day(plan, MadeQuotes(), "kite")).head

    futures = plan.calendar.session(DAY, head.instruments[3].segment, is_index=True)
    assert head.session_open == datetime(2026, 10, 6, 9, 15, tzinfo=IST)
    assert head.session_close == futures.closes_at


async def test_on_a_day_without_a_session_there_is_no_head(plan: LivePlan) -> None:
    sunday = replace(plan, day=date(2026, 10, 4))

    with pytest.raises(NoSession):
        await live_day(sunday, MadeQuotes(), "kite")


async def test_an_unknown_close_is_left_out_and_noted(plan: LivePlan) -> None:
    day = await live_day(plan, MadeQuotes("NSE:RELIANCE"), "kite")

    assert day.head.notes == ("NSE:RELIANCE: its close before is not known",)
    assert len(day.head.previous_close) == len(day.head.instruments) - 1


@pytest.mark.parametrize("of", [None, date(2026, 10, 5)])
async def test_a_close_of_the_session_before_is_believed(plan: LivePlan, of: date | None) -> None:
    head = (await live_day(plan, MadeQuotes(of=of), "kite")).head

    assert len(head.previous_close) == len(head.instruments)
    assert head.notes == ()


async def test_a_close_of_an_earlier_session_is_refused_and_says_of_which(plan: LivePlan) -> None:
    head = (await live_day(plan, MadeQuotes(of=date(2026, 10, 1)), "kite")).head

    assert head.previous_close == ()
    assert "NSE:RELIANCE: its newest price is of 2026-10-01, not of 2026-10-05" in head.notes
    assert len(head.notes) == len(head.instruments)


async def test_the_chain_lies_around_the_last_price(plan: LivePlan) -> None:
    universe = await live_universe(plan, MadeQuotes())

    assert _strikes(universe.instruments, "NIFTY") == list(range(24_300, 24_751, 50))


async def test_before_the_first_trade_the_chain_lies_around_the_close_before(
    plan: LivePlan,
) -> None:
    quotes = MadeQuotes(last=False)

    universe = await live_universe(plan, quotes)

    assert quotes.asked == ["last", "close"]
    assert _strikes(universe.instruments, "NIFTY")[0] == 24_300
    assert _strikes(universe.instruments, "BANKNIFTY")


async def test_without_chains_no_price_is_asked_for(plan: LivePlan) -> None:
    quotes = MadeQuotes()

    await live_universe(replace(plan, settings=replace(plan.settings, chains=())), quotes)

    assert quotes.asked == []


def _strikes(instruments: Sequence[Instrument], name: str) -> list[int]:
    return [
        int(item.strike or 0)
        for item in instruments
        if item.kind is Kind.CALL and item.name == name
    ]
