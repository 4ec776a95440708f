"""Candles that are fetched, judged and kept; what fails stays to be fetched."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from marketdata.calendar import IST, Calendar, Hours
from marketdata.history import bars_path, read_bars
from marketdata.history_download import Step, StepReport, Target, carry_out, steps
from marketdata.history_gaps import Gaps
from marketdata.history_plan import Fetched, read_fetched
from marketdata.instruments import Exchange, Instrument, Kind, Segment
from marketdata.sources import Candles, CandleSpan, Interval, LoginWanted, SourceFailed

CALENDAR = Calendar.load()
INDEX = Instrument(256265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
SHARE = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, Decimal("0.05"))
DAYS = tuple(date(2026, 10, day) for day in (5, 6, 7))
FULL = 375


class MadeHistory:
    """Answers with whole sessions, changed as a test says; remembers what was asked."""

    def __init__(self, **changes: object) -> None:
        self.asked: list[CandleSpan] = []
        self.changes = changes
        self.fails: Exception | None = None

    async def candles(self, span: CandleSpan) -> Candles:
        self.asked.append(span)
        if self.fails is not None:
            raise self.fails
        first, last = span.first.date(), span.last.date()
        start = np.concatenate([_minutes(day) for day in DAYS if first <= day <= last])
        prices = {name: np.full(len(start), 100.0) for name in ("open", "high", "low", "close")}
        told = {**prices, "volume": np.full(len(start), 5.0), "oi": np.full(len(start), np.nan)}
        return Candles(**{"start": start, **told, **self.changes})


def _minutes(day: date) -> np.ndarray:
    opens = int(datetime(day.year, day.month, day.day, 9, 15, tzinfo=IST).timestamp())
    return opens + 60 * np.arange(FULL)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path, Fetched(Interval.MINUTE), CALENDAR, most_days=2)


def kept(target: Target, symbol: str) -> int:
    hours = Hours(CALENDAR, Segment.CASH, has_derivatives=False, is_index=True)
    return len(read_bars(bars_path(target.folder, symbol), DAYS[0], DAYS[-1], hours))


async def all_of(target: Target, history: MadeHistory, *items: Instrument) -> list[StepReport]:
    return [await carry_out(step, history, target) for step in steps(items, DAYS, target)]


async def test_bars_come_into_a_file_by_the_name_of_the_instrument(target: Target) -> None:
    history = MadeHistory()

    reports = await all_of(target, history, INDEX)

    assert [(r.told, r.written, r.gaps, r.failure) for r in reports] == [
        (2 * FULL, 2 * FULL, Gaps(), ""),
        (FULL, FULL, Gaps(), ""),
    ]
    assert kept(target, "NIFTY") == 3 * FULL
    assert history.asked[0] == CandleSpan(
        token=256265,
        interval=Interval.MINUTE,
        first=datetime(2026, 10, 5, tzinfo=IST),
        last=datetime(2026, 10, 6, 23, 59, 59, tzinfo=IST),
    )


async def test_a_broken_download_goes_on_where_it_stopped(target: Target) -> None:
    history = MadeHistory()
    first, second = steps([INDEX], DAYS, target)
    await carry_out(first, history, target)

    again = Target(
        target.folder, read_fetched(target.folder, Interval.MINUTE), CALENDAR, most_days=2
    )

    assert steps([INDEX], DAYS, again) == (second,)
    assert steps([SHARE], DAYS, again) == (Step(SHARE, first.span), Step(SHARE, second.span))


async def test_a_file_that_is_gone_is_fetched_anew(target: Target) -> None:
    await all_of(target, MadeHistory(), INDEX)
    assert steps([INDEX], DAYS, target) == ()

    bars_path(target.folder, "NIFTY").unlink()

    assert len(steps([INDEX], DAYS, target)) == 2


async def test_bars_that_are_there_are_not_written_twice(target: Target) -> None:
    (step, _) = steps([INDEX], DAYS, target)
    await carry_out(step, MadeHistory(), target)

    again = await carry_out(step, MadeHistory(), target)

    assert (again.told, again.written) == (2 * FULL, 0)
    assert kept(target, "NIFTY") == 2 * FULL


async def test_bad_candles_are_left_out_and_counted_and_their_gap_is_told(target: Target) -> None:
    high = np.full(2 * FULL, 100.0)
    high[7], high[9] = np.nan, 90.0
    (step, _) = steps([INDEX], DAYS, target)

    report = await carry_out(step, MadeHistory(high=high), target)

    assert report.dropped == {"not-a-number": 1, "ohlc-order": 1}
    assert report.written == 2 * FULL - 2
    assert report.gaps == Gaps((), 2)


async def test_candles_of_another_day_are_left_out(target: Target) -> None:
    start = np.concatenate([_minutes(DAYS[0]), _minutes(DAYS[2])])
    (step, _) = steps([INDEX], DAYS, target)

    report = await carry_out(step, MadeHistory(start=start), target)

    assert report.dropped == {"another-day": FULL}
    assert report.gaps.silent == (DAYS[1],)
    assert kept(target, "NIFTY") == FULL


@pytest.mark.parametrize("close", [np.where(np.arange(2 * FULL) < 400, 100.0, 1_000.0)])
async def test_prices_of_two_scales_are_refused_whole(target: Target, close: np.ndarray) -> None:
    (step, _) = steps([INDEX], DAYS, target)
    prices = dict.fromkeys(("open", "high", "low", "close"), close)

    report = await carry_out(step, MadeHistory(**prices), target)

    assert "one price scale" in report.failure
    assert not bars_path(target.folder, "NIFTY").exists()
    assert len(steps([INDEX], DAYS, target)) == 2


async def test_what_the_broker_refuses_is_told_and_stays_to_be_fetched(target: Target) -> None:
    history = MadeHistory()
    history.fails = SourceFailed("InputException 400: Invalid `instrument_token`.")

    reports = await all_of(target, history, INDEX, SHARE)

    assert {report.failure for report in reports} == {str(history.fails)}
    assert len(steps([INDEX, SHARE], DAYS, target)) == 4


async def test_a_session_that_is_over_stops_the_download(target: Target) -> None:
    history = MadeHistory()
    history.fails = LoginWanted("TokenException 403")

    with pytest.raises(LoginWanted):
        await all_of(target, history, INDEX)
