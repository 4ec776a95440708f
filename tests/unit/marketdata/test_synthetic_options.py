"""The chains of a made day: listed as real ones are, priced as one market, and beside the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pytest

from marketdata.built_day import DayData
from marketdata.calendar import IST, Calendar
from marketdata.instruments import Instrument, Kind
from marketdata.options.chain import Chain, chain_at, chains_of
from marketdata.panel import Panel
from marketdata.synthetic import STANDARD_CHAINS, Regime, SyntheticMarket, SyntheticSpec
from marketdata.synthetic import standard_market as market_of
from marketdata.synthetic_chains import MadeChain, list_chains
from marketdata.tape import microseconds
from marketdata.timeframes import Timeframe
from marketdata.universe import Column, Universe

CALENDAR = Calendar.load()
WEDNESDAY, EXPIRY_DAY = date(2026, 10, 7), date(2026, 10, 6)
SMALL = (MadeChain("NIFTY", False, 50, 6, 0.125, 0.0007, 900_000, 60_000),)


def made(day: date = WEDNESDAY, chains: tuple[MadeChain, ...] = SMALL, seed: int = 3) -> DayData:
    spec = SyntheticSpec(seed, day, Regime.RANGE, market_of(day, CALENDAR)[:5], 30, chains=chains)
    return SyntheticMarket(spec, CALENDAR).day()


def options_of(day: DayData) -> list[Instrument]:
    return [item for item in day.head.instruments if item.kind in (Kind.CALL, Kind.PUT)]


def heard_by(day: DayData, at: datetime) -> tuple[Universe, Panel]:
    columns = [
        Column(place, item, False, None, place, "made")
        for place, item in enumerate(day.head.instruments)
    ]
    universe = Universe(tuple(columns), (), frozenset())
    opens_at = int(day.head.session_open.timestamp())
    panel = Panel(universe.tokens, [Timeframe.MINUTE], opens_at, 1, None, None)
    for told_at, ticks in day.frames():
        if told_at > microseconds(at):
            break
        panel.apply(ticks)
    return universe, panel


def read(day: DayData, at: datetime) -> list[Chain]:
    universe, panel = heard_by(day, at)
    found = [
        chain_at(columns, panel, at) for columns in chains_of(universe, day.head.date).values()
    ]
    assert all(isinstance(chain, Chain) for chain in found), found
    return found


def test_a_day_with_chains_is_the_day_without_them_and_more():
    plain, more = made(chains=()), made()

    kept = ~np.isin(more.arrivals.ticks["token"], [item.token for item in options_of(more)])
    assert more.arrivals.ticks[kept].tobytes() == plain.arrivals.ticks.tobytes()
    assert more.head.instruments[:5] == plain.head.instruments
    assert more.head.previous_close[:5] == plain.head.previous_close
    assert (len(plain.head.notes), len(more.head.notes)) == (2, 3)


def test_the_same_seed_prices_the_same_and_another_does_not():
    first, again, other = made(), made(), made(seed=4)

    assert first.arrivals.ticks.tobytes() == again.arrivals.ticks.tobytes()
    assert first.arrivals.ticks.tobytes() != other.arrivals.ticks.tobytes()


def test_symbols_are_the_exchanges_by_week_and_by_month():
    symbols = {item.symbol for item in options_of(made(chains=STANDARD_CHAINS))}

    assert {"NIFTY26O1324500CE", "NIFTY26OCT24500PE", "BANKNIFTY26OCT55000CE"} <= symbols
    assert len(symbols) == 2 * (41 + 25 + 53)


def test_every_option_carries_the_dated_facts_of_its_contract():
    for item in options_of(made()):
        assert item.expiry == date(2026, 10, 13)
        assert (item.lot_size, item.tick_size) == (65, Decimal("0.05"))
        assert item.made_from == "synthetic market"
        assert item.freeze_quantity is not None


def test_tokens_are_apart_from_all_others():
    day = made(chains=STANDARD_CHAINS)

    tokens = [item.token for item in day.head.instruments]

    assert len(set(tokens)) == len(tokens)


def test_quotes_lie_on_the_grid_around_the_last_price():
    day = made()
    tokens = [item.token for item in options_of(day)]
    ticks = day.arrivals.ticks[np.isin(day.arrivals.ticks["token"], tokens)]

    for field in ("last", "bid", "ask"):
        told = ticks[field][~np.isnan(ticks[field])]
        assert np.rint(told * 20) / 20 == pytest.approx(told, abs=1e-9)
        assert told.min() > 0
    whole = ticks[~np.isnan(ticks["bid"])]
    assert (whole["bid"] < whole["ask"]).all()
    assert (whole["bid"] <= whole["last"]).all()
    assert (whole["last"] <= whole["ask"]).all()
    for field in ("bid_quantity", "ask_quantity", "volume", "oi"):
        assert (ticks[field] % 65 == 0).all()


def test_volume_only_rises_and_something_is_open():
    day = made()
    for item in options_of(day):
        ticks = day.arrivals.ticks[day.arrivals.ticks["token"] == item.token]
        assert (np.diff(ticks["volume"]) >= 0).all()
        assert ticks["oi"].min() > 0


def test_the_chain_read_from_the_ticks_is_one_market():
    at = datetime(2026, 10, 7, 12, 0, tzinfo=IST)

    (chain,) = read(made(), at)

    assert chain.pairs == 9
    assert 0.08 < chain.atm_iv < 0.20
    assert not np.isnan(chain.smile).any()
    assert chain.smile[0] > chain.smile[6] > chain.atm_iv * 0.9
    apart = chain.mid[:, 0] - chain.mid[:, 1]
    parity = chain.discount * (chain.forward - chain.strikes)
    assert apart == pytest.approx(parity, abs=0.15)


def test_the_forwards_of_two_expiries_differ_by_the_carry_between_them():
    at = datetime(2026, 10, 7, 12, 0, tzinfo=IST)

    near, far = read(made(chains=STANDARD_CHAINS[:2]), at)

    assert far.forward / near.forward == pytest.approx(
        (1 + 0.05 * 20 / 365) / (1 + 0.05 * 6 / 365), abs=2e-5
    )


def test_on_the_expiry_day_options_are_told_to_their_last_minute():
    day = made(EXPIRY_DAY)
    tokens = {item.token for item in options_of(day)}

    assert {item.expiry for item in options_of(day)} == {EXPIRY_DAY}
    told = day.arrivals.ticks[np.isin(day.arrivals.ticks["token"], list(tokens))]
    closes_at = microseconds(datetime(2026, 10, 6, 15, 40, tzinfo=IST))
    assert closes_at - 60_000_000 <= told["exchange_at"].max() < closes_at
    (chain,) = read(day, datetime(2026, 10, 6, 15, 20, tzinfo=IST))
    assert chain.years < 21 / 365 / 24 / 60


def test_an_option_that_does_not_change_is_told_once_a_minute():
    day = made()
    far = max(options_of(day), key=lambda item: item.strike or 0)
    ticks = day.arrivals.ticks[day.arrivals.ticks["token"] == far.token]

    assert np.diff(ticks["exchange_at"]).max() <= 60_000_000
    assert np.diff(ticks["exchange_at"]).min() >= 15_000_000


def test_a_chain_without_its_index_is_refused():
    with pytest.raises(ValueError, match="FINNIFTY stands without its index"):
        made(chains=(replace(SMALL[0], name="FINNIFTY"),))


def test_a_monthly_chain_behind_a_weekly_one_is_another_expiry():
    last_week = date(2026, 10, 26)

    weekly, monthly = list_chains(STANDARD_CHAINS[:2], {"NIFTY": 24_500.0}, last_week, CALENDAR)

    assert (weekly.expiry, monthly.expiry) == (date(2026, 10, 27), date(2026, 11, 23))
    assert weekly.options[0][0].symbol.startswith("NIFTY26OCT")


@pytest.mark.parametrize("wrong", [{"step": 0}, {"each_side": 0}, {"volatility": 0.0}])
def test_a_chain_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="chains: "):
        replace(SMALL[0], **wrong)
