from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from marketdata.calendar import Calendar
from marketdata.dayset_futures import FutureModel, future_bars, future_ticks, near_future
from marketdata.dayset_source import RawTicks
from marketdata.facts import IndexName, index_by_name
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.minute_bars import MinuteBars, midnight

CALENDAR = Calendar.load()
MINUTE = 60_000_000
OPENED = (9 * 60 + 15) * MINUTE
DAY = date(2021, 4, 28)


def named(name: str) -> IndexName:
    index = index_by_name(name)
    assert index is not None
    return index


def future_on(day: date, name: str = "NIFTY", level: float = 14_700.0) -> Instrument:
    return near_future(named(name), day, level, CALENDAR)


def index_bars(day: date = DAY, minutes: int = 375) -> MinuteBars:
    random = np.random.default_rng(5)
    close = 14_700 + np.cumsum(random.normal(0, 5, minutes)).round(1)
    open_ = np.append(14_700.0, close[:-1])
    return MinuteBars(
        midnight(day) + OPENED + np.arange(minutes) * MINUTE,
        open_,
        np.maximum(open_, close) + 2,
        np.minimum(open_, close) - 2,
        close,
        np.zeros(minutes, np.int64),
    )


@pytest.mark.parametrize(
    ("name", "day", "symbol", "expiry", "lot", "tick", "freeze"),
    [
        ("NIFTY", date(2021, 4, 26), "NIFTY21APRFUT", date(2021, 4, 29), 75, "0.05", None),
        ("NIFTY", date(2021, 4, 29), "NIFTY21APRFUT", date(2021, 4, 29), 75, "0.05", None),
        ("NIFTY", date(2021, 4, 30), "NIFTY21MAYFUT", date(2021, 5, 27), 75, "0.05", None),
        ("BANKNIFTY", date(2021, 5, 6), "BANKNIFTY21MAYFUT", date(2021, 5, 27), 25, "0.05", None),
        ("BANKNIFTY", date(2023, 4, 20), "BANKNIFTY23APRFUT", date(2023, 4, 27), 25, "0.05", 900),
        ("NIFTY", date(2026, 8, 12), "NIFTY26AUGFUT", date(2026, 8, 25), 65, "0.10", 1800),
    ],
)
def test_the_near_future_has_the_facts_of_its_date(
    name: str, day: date, symbol: str, expiry: date, lot: int, tick: str, freeze: int | None
) -> None:
    future = future_on(day, name, 24_500.0 if day.year == 2026 else 14_700.0)

    assert (future.symbol, future.expiry, future.lot_size) == (symbol, expiry, lot)
    assert (future.tick_size, future.freeze_quantity) == (Decimal(tick), freeze)
    assert (future.kind, future.exchange) == (Kind.FUTURE, Exchange.NFO)
    assert future.name == name
    assert future.made_from == f"index {named(name).spot}"


def test_the_future_of_a_bse_index_is_bse_s() -> None:
    future = future_on(date(2026, 3, 3), "SENSEX", 80_000.0)

    assert (future.key, future.expiry) == ("BFO:SENSEX26MARFUT", date(2026, 3, 25))
    assert (future.lot_size, future.tick_size) == (20, Decimal("0.05"))
    assert future.token % 256 == 5


def test_made_tokens_differ_by_index_and_month_and_lie_in_the_derivatives_segment() -> None:
    tokens = {
        future_on(day, name).token
        for name in ("NIFTY", "BANKNIFTY")
        for day in (date(2021, 4, 26), date(2021, 4, 30), date(2023, 4, 20), date(2026, 8, 12))
    }

    assert len(tokens) == 8
    assert {token % 256 for token in tokens} == {2}


def test_prices_are_the_index_carried_to_expiry_on_the_grid() -> None:
    future, index = future_on(date(2021, 4, 30)), index_bars(date(2021, 4, 30))

    bars = future_bars(future, index, FutureModel(rate=0.05))

    assert np.abs(bars.close - index.close * (1 + 0.05 * 27 / 365)).max() <= 0.025 + 1e-9
    assert np.all(np.rint(bars.close * 100) % 5 == 0)
    assert np.all((bars.low <= bars.open) & (bars.high >= bars.close))


def test_on_its_expiry_day_a_future_equals_its_index() -> None:
    future, index = future_on(date(2021, 4, 29)), index_bars(date(2021, 4, 29))

    assert np.abs(future_bars(future, index, FutureModel()).close - index.close).max() < 0.026


def test_each_day_of_a_history_is_carried_from_its_own_date() -> None:
    future = future_on(date(2021, 4, 30))
    first, second = index_bars(date(2021, 4, 29)), index_bars(date(2021, 4, 30))
    both = MinuteBars(
        *(
            np.append(getattr(first, field), getattr(second, field))
            for field in ("start", "open", "high", "low", "close", "volume")
        )
    )

    bars = future_bars(future, both, FutureModel())

    assert bars.close[374] == future_bars(future, first, FutureModel()).close[374]
    assert bars.volume[375:].tolist() == future_bars(future, second, FutureModel()).volume.tolist()


def test_volume_comes_in_whole_lots_and_adds_up_to_about_a_usual_day() -> None:
    bars = future_bars(future_on(DAY), index_bars(), FutureModel(day_lots=100_000))

    assert np.all(bars.volume % 75 == 0)
    assert np.all(bars.volume > 0)
    assert 0.5 < bars.volume.sum() / 75 / 100_000 < 2.0
    assert bars.volume[:30].mean() > 1.5 * bars.volume[150:200].mean()


def test_volume_is_the_same_each_time_and_differs_by_contract() -> None:
    nifty, banks = future_on(DAY), future_on(DAY, "BANKNIFTY")
    index = index_bars()

    once = future_bars(nifty, index, FutureModel()).volume

    assert once.tolist() == future_bars(nifty, index, FutureModel()).volume.tolist()
    assert (once // 75).tolist() != (future_bars(banks, index, FutureModel()).volume // 25).tolist()


def test_ticks_of_a_future_follow_the_ticks_of_its_index_and_end_with_the_bars_volume() -> None:
    future = future_on(DAY)
    bars = future_bars(future, index_bars(), FutureModel())
    start = int(bars.start[0])
    stamp = start + np.array([-1, 0, 30, 59, 60, 45, 375 * 60, 400 * 60]) * 1_000_000
    raw = RawTicks(stamp, np.full(8, 14_700.0), np.zeros(8, np.int64))

    ticks = future_ticks(future, raw, bars, FutureModel())

    assert ticks.stamp.tolist() == stamp.tolist()
    assert np.all(ticks.last == ticks.last[0])
    assert np.all(ticks.volume % 75 == 0)
    assert ticks.volume[0] == ticks.volume[1] == 0
    assert 0 < ticks.volume[2] < ticks.volume[3] < bars.volume[0] == ticks.volume[4]
    assert ticks.volume[5] < ticks.volume[4]
    assert ticks.volume[6] == ticks.volume[7] == bars.volume.sum()


def test_only_a_contract_with_an_expiry_can_be_carried() -> None:
    share = Instrument(1, Exchange.NSE, "X", "X", Kind.EQUITY, 1, Decimal("0.05"))

    with pytest.raises(ValueError, match="expiry: X has none"):
        FutureModel().carry(share, DAY)
