"""The bands of a running day: what the engine is told of them, and when they are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from execution.orders import OrderState, OrderUpdate
from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.price_bands import Band, PriceBands
from marketdata.sources import SourceFailed
from marketdata.tape_head import TapeHead
from trading.band_watch import BandPace, BandWatch
from trading.bootstrap import undisturbed
from trading.engine.events import BandsTold, BrokerSaid, ChangeRefused, ConditionChanged
from trading.services.price_bands import bands_of, bands_path

DAY = date(2026, 10, 6)
AT = datetime(2026, 10, 6, 9, 20, tzinfo=IST)
INFY = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, Decimal("0.05"))
TCS = replace(INFY, token=2953217, symbol="TCS", name="TCS")
NARROW, WIDE = (Decimal(1350), Decimal(1650)), (Decimal(1275), Decimal(1725))
HEAD = TapeHead(
    date=DAY,
    source="kite",
    made_by="test",
    instruments=(INFY, TCS),
    previous_close=(),
    session_open=AT.replace(minute=15),
    session_close=AT.replace(hour=15, minute=30),
    notes=(),
)


def bands(told: Mapping[str, Band], at: datetime = AT) -> PriceBands:
    return PriceBands(DAY, "kite", at, told)


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return tmp_path / "day.raw"


def watch(tape: Path, kept: Mapping[str, Band] | None, pace: BandPace | None = None) -> BandWatch:
    if kept is not None:
        bands(kept).write(bands_path(tape))
    return BandWatch(tape, HEAD, (INFY, TCS), pace or BandPace(3_600.0, 0.0))


class Told:
    """Tells bands in the order given; the last ones again and again."""

    def __init__(self, *told: PriceBands | SourceFailed) -> None:
        self._told = list(told)
        self.asked = asyncio.Queue[int]()
        self.count = 0

    async def ask(self) -> PriceBands:
        self.count += 1
        self.asked.put_nowait(self.count)
        answer = self._told.pop(0) if len(self._told) > 1 else self._told[0]
        if isinstance(answer, SourceFailed):
            raise answer
        return answer


def refusal(reason: str) -> BrokerSaid:
    return BrokerSaid(AT, OrderUpdate("E1", "", AT, OrderState.REJECTED, reason=reason))


def test_the_engine_is_told_the_bands_beside_the_tape_and_that_all_are_there(tape: Path) -> None:
    watched = watch(tape, {INFY.key: NARROW, TCS.key: NARROW})

    first, again = watched.inputs(AT), watched.inputs(AT)

    assert first == [
        BandsTold(AT, "kite", AT, ((INFY.key, *NARROW), (TCS.key, *NARROW))),
        ConditionChanged(AT, "price-bands", good=True, detail="2 from kite, told 09:20:00"),
    ]
    assert again == []


@pytest.mark.parametrize("kept", [None, {INFY.key: NARROW}])
def test_without_all_bands_entries_are_blocked(tape: Path, kept: Mapping[str, Band] | None) -> None:
    condition = watch(tape, kept).inputs(AT)[-1]

    assert isinstance(condition, ConditionChanged)
    assert (condition.name, condition.good) == ("price-bands", False)


async def test_missing_bands_are_asked_for_at_once_and_kept(tape: Path) -> None:
    watched = watch(tape, None)
    watched.inputs(AT)
    exchange = Told(SourceFailed("away"), bands({INFY.key: NARROW, TCS.key: WIDE}))

    keeping = asyncio.ensure_future(watched.keep(exchange.ask))
    await exchange.asked.get()
    await exchange.asked.get()
    await asyncio.sleep(0)
    keeping.cancel()

    told, condition = watched.inputs(AT)
    assert isinstance(told, BandsTold)
    assert len(told.bands) == 2
    assert isinstance(condition, ConditionChanged)
    assert condition.good
    stored = bands_of(bands_path(tape), DAY)
    assert stored is not None
    assert stored.bands == {INFY.key: NARROW, TCS.key: WIDE}


@pytest.mark.parametrize(
    "news",
    [
        refusal("Your order price is higher than the current upper circuit limit of 1650."),
        ChangeRefused(AT, "E1", "... lower Circuit Limit of 1350 ...", proven=True),
    ],
)
async def test_a_refusal_that_names_the_band_has_it_asked_anew(
    tape: Path, news: BrokerSaid | ChangeRefused
) -> None:
    watched = watch(tape, {INFY.key: NARROW, TCS.key: NARROW})
    watched.inputs(AT)
    exchange = Told(bands({INFY.key: WIDE}))
    outside = watched.around(undisturbed())

    keeping = asyncio.ensure_future(watched.keep(exchange.ask))
    await asyncio.sleep(0)
    outside.heard([refusal("Insufficient funds")])
    await asyncio.sleep(0)
    assert exchange.count == 0
    outside.heard([news])
    await asyncio.wait_for(exchange.asked.get(), 60)
    await asyncio.sleep(0)
    keeping.cancel()

    assert outside.inputs(AT) == [BandsTold(AT, "kite", AT, ((INFY.key, *WIDE),))]


async def test_bands_are_asked_for_at_a_pace_and_told_only_where_they_differ(tape: Path) -> None:
    watched = watch(tape, {INFY.key: NARROW, TCS.key: NARROW}, BandPace(0.001, 0.001))
    watched.inputs(AT)
    exchange = Told(bands({INFY.key: NARROW, TCS.key: NARROW}))

    keeping = asyncio.ensure_future(watched.keep(exchange.ask))
    for _ in range(3):
        await asyncio.wait_for(exchange.asked.get(), 60)
    keeping.cancel()

    assert watched.inputs(AT) == []
