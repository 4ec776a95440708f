"""The plain profile against a backtest written by hand, trade for trade on recorded days."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from marketdata.calendar import Calendar
from marketdata.history_import import import_bars
from tests.unit.trading.research.plain_pullback import pullback_opinions
from tests.unit.trading.research.plain_rules import (
    MINUTE,
    Minute,
    Trip,
    opening_range_opinions,
    read_days,
    trade,
)
from trading.research.backtest import Request, Result, backtest
from trading.research.profiles import Profile, Wishes
from trading.research.round_trips import RoundTrip

INDICES = "bars_1m/index_2021-07_2021-12.csv.gz"
SHARES = "bars_1m/stocks_2021-04-05_2021-05-14_from_ticks.csv.gz"


def run_plain(
    folder: Path, first: date, last: date, *settings: str, strategy: str = "opening_range"
) -> Result:
    wishes = Wishes(Profile.PLAIN, (strategy,), Decimal(10_000_000), {}, settings)
    return backtest(Request(folder, None, first, last, wishes), lambda *told: None)


def expected(path: Path, first: date, last: date, minutes: int, square_off: str) -> list[Trip]:
    trips: list[Trip] = []
    for symbol, days in read_days(path).items():
        for day in days:
            if first <= day[0].at.date() <= last:
                opinions = opening_range_opinions(day, minutes, 1.8)
                trips += trade(symbol, day, opinions, square_off)
    return sorted(trips, key=lambda trip: (trip.signal_at, trip.symbol))


def told(trade: RoundTrip) -> tuple[object, ...]:
    minute = trade.exit_at.replace(second=0, microsecond=0)
    return (
        trade.symbol,
        int(trade.direction == "LONG") * 2 - 1,
        trade.signal_at,
        trade.entry_at,
        float(trade.entry_price),
        minute,
        float(trade.exit_price),
        trade.exit_reason,
    )


def by_hand(trip: Trip) -> tuple[object, ...]:
    return (
        trip.symbol,
        trip.side,
        trip.signal_at,
        trip.entry_at,
        trip.entry,
        trip.exit_minute,
        trip.exit,
        trip.reason,
    )


def compare(result: Result, trips: list[Trip]) -> None:
    ours = sorted(
        (told(trade) for trade in result.run.trades), key=lambda row: (row[2], str(row[0]))
    )
    assert ours == [by_hand(trip) for trip in trips]


@pytest.fixture(scope="module")
def bars(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bars")
    import_bars(shared_data / INDICES, folder / "indices", Calendar.load())
    import_bars(shared_data / SHARES, folder / "shares", Calendar.load())
    return folder


@pytest.mark.shared_data
@pytest.mark.parametrize(("minutes", "square_off"), [(15, "15:20"), (30, "15:10")])
def test_opening_range_on_indices_of_half_a_year(bars, shared_data, minutes, square_off):
    first, last = date(2021, 7, 1), date(2021, 12, 31)

    result = run_plain(
        bars / "indices",
        first,
        last,
        f"strategies.opening_range.range_minutes={minutes}",
        f"hours.cash.square_off_at={square_off}",
    )

    trips = expected(shared_data / INDICES, first, last, minutes, square_off)
    assert len(trips) > 300
    compare(result, trips)


@pytest.mark.shared_data
def test_opening_range_on_23_shares_with_missing_minutes(bars, shared_data):
    first, last = date(2021, 4, 5), date(2021, 5, 14)

    result = run_plain(bars / "shares", first, last)

    trips = expected(shared_data / SHARES, first, last, 15, "15:20")
    assert len(trips) > 600
    compare(result, trips)


@pytest.mark.shared_data
def test_trend_pullback_on_indices_of_half_a_year(bars, shared_data):
    first, last = date(2021, 7, 1), date(2021, 12, 31)

    result = run_plain(bars / "indices", first, last, strategy="trend_pullback")

    trips: list[Trip] = []
    for symbol, days in read_days(shared_data / INDICES).items():
        opinions = pullback_opinions(days)
        for day in days:
            trips += trade(symbol, day, opinions.get(day[0].at.date(), []), "15:20")
    assert len(trips) > 50
    compare(result, sorted(trips, key=lambda trip: (trip.signal_at, trip.symbol)))


def test_the_hand_written_rules_know_a_gap_through_a_stop():
    begin = read_days.__module__ and Minute
    at = _morning()
    day = [begin(at + i * MINUTE, 100, 101, 99, 100) for i in range(15)]
    day += [begin(at + 15 * MINUTE, 101, 102, 101, 101.5), begin(at + 16 * MINUTE, 98, 98, 97, 98)]

    trips = trade("A", day, opening_range_opinions(day, 15, 1.8), "15:20")

    assert [(trip.entry, trip.exit, trip.reason) for trip in trips] == [(98, 98, "HARD_STOP")]


def _morning():
    from datetime import datetime, timezone

    return datetime(2021, 7, 1, 9, 15, tzinfo=timezone(timedelta(hours=5, minutes=30)))
