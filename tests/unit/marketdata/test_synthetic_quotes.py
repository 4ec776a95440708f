from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.synthetic_quotes import Lasts, on_grid, put_quotes, quotes_of
from marketdata.ticks import TICK, Ticks


def instrument(kind: Kind, tick: str, lot: int = 1) -> Instrument:
    return Instrument(1, Exchange.NSE, "X", "X", kind, lot, Decimal(tick))


def at_prices(*last: float) -> Ticks:
    ticks = np.zeros(len(last), TICK)
    ticks["last"] = last
    return ticks


def quoted(
    item: Instrument, last: list[float], minute: int = 60, volume: float = 10_000.0
) -> Ticks:
    ticks = at_prices(*last)
    put_quotes(ticks, item, np.full(len(last), minute), np.full(len(last), volume))
    return ticks


@given(
    price=st.floats(0.01, 200_000), tick=st.sampled_from(["0.01", "0.05", "0.10", "0.20", "5.00"])
)
def test_a_price_on_the_grid_is_the_float_of_its_decimal(price: float, tick: str) -> None:
    step = Decimal(tick)

    put = float(on_grid(np.array([price]), step)[0])

    exact = Decimal(repr(put))
    assert exact % step == 0
    assert exact >= step
    assert abs(put - max(price, float(step))) <= float(step) / 2 + 1e-9


def test_a_tick_finer_than_a_hundredth_is_refused() -> None:
    with pytest.raises(ValueError, match=r"tick_size: 0\.0025"):
        on_grid(np.array([1.0]), Decimal("0.0025"))


@given(
    last=st.lists(st.integers(1, 4_000_000), min_size=1, max_size=20),
    minute=st.integers(0, 389),
    kind=st.sampled_from([Kind.EQUITY, Kind.FUTURE]),
)
def test_every_quote_lies_on_the_grid_around_the_last_price(
    last: list[int], minute: int, kind: Kind
) -> None:
    prices = [step * 5 / 100 for step in last]

    ticks = quoted(instrument(kind, "0.05", lot=75), prices, minute)

    for side in ("bid", "ask"):
        for price in ticks[side]:
            assert Decimal(repr(float(price))) % Decimal("0.05") == 0
    assert np.all(ticks["bid"] > 0)
    assert np.all(ticks["bid"] < ticks["ask"])
    assert np.all((ticks["last"] <= ticks["ask"]) & (ticks["last"] >= ticks["bid"]))
    assert np.all(ticks["bid_quantity"] >= 75)
    assert np.all(ticks["bid_quantity"] % 75 == 0)
    assert np.all(ticks["ask_quantity"] % 75 == 0)


def test_a_cheap_share_is_one_tick_wide_and_a_dear_one_three() -> None:
    share = instrument(Kind.EQUITY, "0.05")

    assert quoted(share, [300.0])[["bid", "ask"]].tolist() == [(299.95, 300.0)]
    assert quoted(share, [5000.0])[["bid", "ask"]].tolist() == [(4999.9, 5000.05)]


def test_a_future_is_at_most_five_ticks_wide_outside_the_opening() -> None:
    future = instrument(Kind.FUTURE, "0.05", lot=75)

    usual = quoted(future, [14_000.0])
    opening = quoted(future, [14_000.0], minute=0)

    assert usual["ask"][0] - usual["bid"][0] == pytest.approx(0.25)
    assert opening["ask"][0] - opening["bid"][0] == pytest.approx(0.75)


def test_a_price_that_has_risen_stands_nearer_to_the_ask() -> None:
    ticks = quoted(instrument(Kind.EQUITY, "0.05"), [300.0, 300.5, 300.2])

    assert (ticks["ask"] - ticks["last"]).round(2).tolist() == [0.0, 0.0, 0.05]
    assert ticks["bid_quantity"][1] > ticks["ask_quantity"][1]
    assert ticks["bid_quantity"][2] < ticks["ask_quantity"][2]


def test_an_index_has_no_quote() -> None:
    ticks = quoted(instrument(Kind.INDEX, "0.05"), [14_000.0])

    assert np.isnan(ticks["bid"][0])
    assert np.isnan(ticks["ask"][0])
    assert ticks["bid_quantity"][0] == ticks["ask_quantity"][0] == 0


@given(seed=st.integers(0, 1_000), count=st.integers(1, 30))
def test_many_instruments_together_are_quoted_as_each_by_itself(seed: int, count: int) -> None:
    chance = np.random.default_rng(seed)
    items = (
        instrument(Kind.EQUITY, "0.05"),
        instrument(Kind.FUTURE, "0.10", lot=65),
        instrument(Kind.CALL, "0.05", lot=75),
        instrument(Kind.EQUITY, "0.01"),
    )
    prices = np.round(chance.uniform(1, 3_000, (count, len(items))) * 20) / 20
    volume = chance.integers(0, 50_000, prices.shape).astype(np.float64)
    minute = np.sort(chance.integers(0, 375, count))

    together = quotes_of(Lasts(prices, minute, volume), items)

    for place, item in enumerate(items):
        alone = at_prices(*prices[:, place])
        put_quotes(alone, item, minute, volume[:, place])
        for name, values in together.items():
            assert values[:, place].tolist() == alone[name].tolist()
