from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from marketdata.built_day import DayData, bars_symbol
from marketdata.calendar import IST, Calendar, Hours
from marketdata.history import bars_path, read_bars
from marketdata.instruments import Kind
from marketdata.minute_bars import days_of
from marketdata.synthetic import (
    Regime,
    SyntheticMarket,
    SyntheticSpec,
    regime_of,
    standard_market,
)
from marketdata.tape import TapeReader, moment
from marketdata.ticks import Ticks

CALENDAR = Calendar.load()
OLD_HOURS = date(2026, 7, 15)
AUCTION_HOURS = date(2026, 8, 12)
NIFTY, BANKNIFTY = 256265, 260105


def spec(
    regime: Regime = Regime.RANGE, seed: int = 1, day: date = OLD_HOURS, seconds: int = 5
) -> SyntheticSpec:
    return SyntheticSpec(seed, day, regime, standard_market(day, CALENDAR), seconds)


def made(
    regime: Regime = Regime.RANGE, seed: int = 1, day: date = OLD_HOURS, seconds: int = 5
) -> DayData:
    return SyntheticMarket(spec(regime, seed, day, seconds), CALENDAR).day()


def of(day: DayData, token: int) -> Ticks:
    return day.arrivals.ticks[day.arrivals.ticks["token"] == token]


def token_of(day: DayData, symbol: str) -> int:
    return next(item.token for item in day.head.instruments if item.symbol == symbol)


def minute_closes(day: DayData, token: int) -> np.ndarray:
    ticks = of(day, token)
    minute = ticks["exchange_at"] // 60_000_000
    last = np.append(np.flatnonzero(np.diff(minute)), len(minute) - 1)
    return np.asarray(ticks["last"][last])


def clock(at: int) -> time:
    return moment(int(at)).time()


def test_the_same_spec_makes_the_same_bytes(tmp_path: Path) -> None:
    first = SyntheticMarket(spec(seed=3), CALENDAR).day().write(tmp_path / "first")
    again = SyntheticMarket(spec(seed=3), CALENDAR).day().write(tmp_path / "again")

    assert first.sha256 == again.sha256
    for one in sorted(first.warmup_path.iterdir()):
        assert one.read_bytes() == (again.warmup_path / one.name).read_bytes()
    assert len(list(first.warmup_path.iterdir())) == 24


def test_another_seed_date_or_kind_of_day_makes_another_day(tmp_path: Path) -> None:
    tapes = {
        SyntheticMarket(spec(regime, seed, day, 60), CALENDAR).day().write(tmp_path).sha256
        for regime, seed, day in (
            (Regime.RANGE, 1, OLD_HOURS),
            (Regime.RANGE, 2, OLD_HOURS),
            (Regime.RANGE, 1, date(2026, 7, 16)),
            (Regime.TREND, 1, OLD_HOURS),
        )
    }

    assert len(tapes) == 4


def test_a_written_day_is_read_back_as_it_was_made(tmp_path: Path) -> None:
    day = made(seconds=60)

    built = day.write(tmp_path)
    tape = TapeReader(built.tape_path)

    assert tape.head == day.head
    assert built.frames == len(tape) == 375
    assert built.ticks == sum(len(frame.ticks) for frame in tape.frames()) == 375 * 24
    assert built.notes == day.head.notes


@pytest.mark.parametrize("regime", Regime)
def test_every_price_lies_on_its_grid_and_every_quote_has_a_width(regime: Regime) -> None:
    day = made(regime, seed=4, day=AUCTION_HOURS, seconds=20)

    for item in day.head.instruments:
        ticks = of(day, item.token)
        fields = ["last"] if item.kind is Kind.INDEX else ["last", "bid", "ask"]
        for field in fields:
            hundredths = np.rint(ticks[field] * 100)
            assert np.all(hundredths / 100 == ticks[field])
            assert np.all(hundredths % int(item.tick_size * 100) == 0), item.symbol
        if item.kind is Kind.INDEX:
            assert np.all(np.isnan(ticks["bid"]))
        else:
            assert np.all(ticks["bid"] < ticks["ask"])
            assert np.all((ticks["bid"] <= ticks["last"]) & (ticks["last"] <= ticks["ask"]))
            assert np.all(ticks["bid_quantity"] >= item.lot_size)
            assert np.all(ticks["bid_quantity"] % item.lot_size == 0)


def test_day_volume_rises_in_whole_lots_and_an_index_has_none() -> None:
    day = made()

    for item in day.head.instruments:
        volume = of(day, item.token)["volume"]
        assert np.all(np.diff(volume) >= 0)
        assert np.all(volume % item.lot_size == 0)
        assert (volume[-1] > 0) == item.is_tradable


def test_more_is_traded_at_the_open_and_the_close_than_at_midday() -> None:
    day = made()
    volume = of(day, token_of(day, "RELIANCE"))["volume"]
    per_half_hour = np.diff(volume[::360])

    assert per_half_hour[0] > 1.5 * per_half_hour[5:7].mean()
    assert per_half_hour[-1] > 1.1 * per_half_hour[5:7].mean()


def test_before_august_2026_everything_trades_to_half_past_three() -> None:
    day = made()

    assert {clock(of(day, item.token)["exchange_at"][-1]) for item in day.head.instruments} == {
        time(15, 29, 55)
    }
    assert day.head.session_close == datetime(2026, 7, 15, 15, 30, tzinfo=IST)


def test_under_the_closing_auction_shares_stop_first_and_futures_last() -> None:
    day = made(day=AUCTION_HOURS)
    ends = {
        item.kind: clock(of(day, item.token)["exchange_at"][-1]) for item in day.head.instruments
    }

    assert ends == {
        Kind.EQUITY: time(15, 14, 55),
        Kind.INDEX: time(15, 29, 55),
        Kind.FUTURE: time(15, 39, 55),
    }
    still = of(day, NIFTY)
    still = still[[clock(at) >= time(15, 15) for at in still["exchange_at"]]]
    assert len(set(still["last"].tolist())) == 1
    assert day.head.session_close == datetime(2026, 8, 12, 15, 40, tzinfo=IST)


def test_a_token_comes_at_most_once_in_a_frame_and_frames_are_in_order() -> None:
    times = []
    for at, ticks in made(seconds=15).frames():
        assert len(set(ticks["token"].tolist())) == len(ticks)
        times.append(at)

    assert times == sorted(set(times))
    assert len(times) == 375 * 4


def test_shares_move_with_the_index_and_not_only_with_it() -> None:
    correlations = []
    for seed in range(3):
        day = made(seed=seed, seconds=15)
        index = np.diff(np.log(minute_closes(day, NIFTY)))
        for item in day.head.instruments:
            if item.kind is Kind.EQUITY:
                share = np.diff(np.log(minute_closes(day, item.token)))
                correlations.append(np.corrcoef(index, share)[0, 1])

    assert 0.3 < np.mean(correlations) < 0.8
    assert max(correlations) < 0.95


def test_minutes_are_about_as_wild_as_measured_and_have_fat_tails() -> None:
    days = [made(Regime.GAP, seed=seed, seconds=15) for seed in range(6)]
    returns = np.array([np.diff(np.log(minute_closes(day, NIFTY))) for day in days])

    assert 2e-4 < returns.std() < 7e-4
    shaped = returns / returns.std(axis=0)
    standard = shaped / shaped.std()
    assert (standard**4).mean() > 2.0
    opening, midday = returns[:, :15].std(), returns[:, 120:240].std()
    assert 1.3 < opening / midday < 5.0


def test_a_future_stays_near_the_carry_of_its_index() -> None:
    day = made()
    future = next(item for item in day.head.instruments if item.kind is Kind.FUTURE)
    assert future.expiry is not None
    carry = 1 + 0.05 * (future.expiry - OLD_HOURS).days / 365

    basis = of(day, future.token)["last"] / of(day, NIFTY)["last"] / carry - 1

    assert 1e-5 < np.abs(basis).mean() < 5e-4
    assert np.abs(basis).max() < 2e-3


def test_facts_of_the_instruments_are_those_of_the_date() -> None:
    old = {
        item.instrument.symbol: item.instrument
        for item in standard_market(date(2021, 4, 28), CALENDAR)
    }
    new = {
        item.instrument.symbol: item.instrument for item in standard_market(AUCTION_HOURS, CALENDAR)
    }

    assert old["NIFTY21APRFUT"].lot_size == 75
    assert old["NIFTY21APRFUT"].expiry == date(2021, 4, 29)
    assert new["NIFTY26AUGFUT"].lot_size == 65
    assert new["NIFTY26AUGFUT"].expiry == date(2026, 8, 25)
    assert new["NIFTY26AUGFUT"].tick_size == Decimal("0.10")
    assert (old["MARUTI"].tick_size, new["MARUTI"].tick_size) == (Decimal("0.05"), Decimal("1.00"))
    assert all(item.made_from == "synthetic market" for item in (*old.values(), *new.values()))


def test_the_sessions_before_end_where_the_head_says_the_day_begins() -> None:
    day = made()
    closes = dict(day.head.previous_close)

    for item, bars in day.before:
        assert days_of(bars) == tuple(date(2026, 7, number) for number in (9, 10, 13, 14))
        assert bars.close[-1] == closes[item.token]
        assert np.all((bars.low <= bars.open) & (bars.open <= bars.high))
        assert np.all((bars.low <= bars.close) & (bars.close <= bars.high))


def test_the_history_reader_takes_every_bar_before_the_day(tmp_path: Path) -> None:
    day = made(Regime.TREND, day=AUCTION_HOURS, seconds=20)
    built = day.write(tmp_path)

    for item, bars in day.before:
        hours = Hours(
            CALENDAR,
            item.segment,
            has_derivatives=item.kind is Kind.EQUITY,
            is_index=item.kind is not Kind.EQUITY,
        )
        path = bars_path(built.warmup_path, bars_symbol(item))
        read = read_bars(path, date(2026, 8, 1), date(2026, 8, 31), hours)
        assert not read.dropped
        assert read.close.tolist() == bars.close.tolist()
        assert read.volume.tolist() == bars.volume.tolist()


def test_a_trend_leaves_the_opening_range_and_goes_on() -> None:
    went_on = 0
    for seed in range(10):
        closes = minute_closes(made(Regime.TREND, seed=seed, seconds=20), NIFTY)
        high, low = closes[:15].max(), closes[:15].min()
        outside = np.flatnonzero((closes[15:240] > high) | (closes[15:240] < low))
        assert len(outside)
        edge, stop = (high, low) if closes[-1] > high else (low, high)
        went_on += (closes[-1] - edge) / (edge - stop) > 1.0

    assert went_on >= 8


def test_a_trend_pulls_back_to_its_average_on_the_way() -> None:
    touched = 0
    for seed in range(10):
        day = made(Regime.TREND, seed=seed, seconds=20)
        before = next(bars for item, bars in day.before if item.token == NIFTY)
        closes = np.append(before.close, minute_closes(day, NIFTY))[4::5]
        fast, slow = average(closes, 34), average(closes, 89)
        atr = np.abs(np.diff(closes, prepend=closes[0]))[-75:].mean() * 1.8
        apart = np.abs(fast / slow - 1) > 0.002
        near = np.abs(closes - fast) < 0.5 * atr
        touched += bool((apart & near)[-75:].any())

    assert touched >= 6


def average(closes: np.ndarray, length: int) -> np.ndarray:
    value, out = closes[0], []
    for close in closes:
        value += (close - value) * 2 / (length + 1)
        out.append(value)
    return np.array(out)


def test_a_calm_day_goes_nowhere_and_a_range_comes_back() -> None:
    for seed in range(5):
        calm = of(made(Regime.CALM, seed=seed, seconds=20), NIFTY)["last"]
        ranging = of(made(Regime.RANGE, seed=seed, seconds=20), NIFTY)["last"]
        assert calm.max() / calm.min() - 1 < 0.012
        assert abs(ranging[-1] / ranging[0] - 1) < 0.01
        assert ranging.max() / ranging.min() - 1 > 0.005


def test_a_gap_day_opens_away_from_the_close_before() -> None:
    for seed in range(5):
        day = made(Regime.GAP, seed=seed, seconds=60)
        opened = of(day, NIFTY)["last"][0] / dict(day.head.previous_close)[NIFTY] - 1
        assert 0.01 < abs(opened) < 0.03


def test_a_crash_falls_fast_and_regains_some() -> None:
    for seed in range(5):
        closes = minute_closes(made(Regime.CRASH, seed=seed, seconds=20), NIFTY)
        falls = closes[45:] / closes[:-45] - 1
        bottom = int(falls.argmin()) + 45
        assert falls.min() < -0.025
        assert closes[bottom:].max() / closes[bottom] - 1 > 0.005


def test_a_fall_of_ten_per_cent_stops_everything_for_an_hour() -> None:
    day = made(Regime.HALT, seed=2)
    close_before = dict(day.head.previous_close)[NIFTY]

    for item in day.head.instruments:
        at = of(day, item.token)["exchange_at"]
        pauses = np.diff(at) // 1_000_000
        assert pauses.max() == 3605
        assert np.count_nonzero(pauses > 5) == 1
        assert clock(at[int(pauses.argmax())]) < time(13, 0)
    index = of(day, NIFTY)
    stopped = int(np.diff(index["exchange_at"]).argmax())
    assert index["last"][stopped] <= 0.9 * close_before + 0.05
    assert np.all(index["last"][:stopped] > 0.9 * close_before - 0.05)


def test_a_mix_of_seeds_has_every_kind_of_day() -> None:
    kinds = [regime_of(seed) for seed in range(300)]

    assert set(kinds) == set(Regime)
    assert kinds.count(Regime.TREND) > kinds.count(Regime.CALM) > kinds.count(Regime.HALT)


def test_a_day_without_an_ordinary_session_is_refused() -> None:
    market = SyntheticMarket(replace(spec(), date=date(2026, 7, 12)), CALENDAR)

    with pytest.raises(ValueError, match="date: 2026-07-12 has no ordinary session"):
        market.day()


def test_a_future_without_its_index_is_refused() -> None:
    instruments = tuple(item for item in spec().instruments if item.instrument.token != BANKNIFTY)

    with pytest.raises(ValueError, match=r"BANKNIFTY26JULFUT stands without its index"):
        SyntheticMarket(replace(spec(), instruments=instruments), CALENDAR).day()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": -1}, "seed: -1"),
        ({"seconds_per_tick": 7}, "seconds_per_tick: 7"),
        ({"seconds_per_tick": 0}, "seconds_per_tick: 0"),
        ({"warmup_sessions": 2}, "warmup_sessions: 2"),
        ({"instruments": ()}, "instruments: expected an index first"),
    ],
)
def test_a_spec_that_cannot_be_made_names_its_field(change: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        replace(spec(), **change)
