"""What a chain says at a moment, on chains priced by a smile that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import isnan, nan

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.options.chain import CALL, PUT, Chain, ChainRules, Fault, NoChain, chain_at
from marketdata.options.chain import chains_of as chains_of_universe
from marketdata.options.greeks import greeks
from tests.option_chain import AT, DAY, EXPIRY, FORWARD, MadeChain


def smiling(strike: float) -> float:
    return 0.12 + 3.0 * (strike / FORWARD - 1.0) ** 2 - 0.4 * (strike / FORWARD - 1.0)


def read(made: MadeChain, **changed: dict[str, float]) -> Chain:
    found = chain_at(made.columns(), made.panel(changed), AT)
    assert isinstance(found, Chain), found
    return found


def refused(made: MadeChain, **changed: dict[str, float]) -> str:
    found = chain_at(made.columns(), made.panel(changed), AT)
    assert isinstance(found, NoChain)
    return found.reason


def test_the_forward_is_the_one_the_options_were_priced_on():
    chain = read(MadeChain(smile=smiling))

    assert chain.forward == pytest.approx(FORWARD, abs=1e-6)
    assert chain.pairs == 9
    assert chain.strikes[chain.atm] == 24_500


def test_years_run_to_the_close_of_the_expiry_day():
    chain = read(MadeChain())

    assert chain.years == timedelta(days=7, hours=4, minutes=40) / timedelta(days=365)


def test_the_smile_comes_back_and_call_and_put_agree():
    chain = read(MadeChain(smile=smiling))

    wanted = np.array([smiling(strike) for strike in chain.strikes])
    assert chain.smile == pytest.approx(wanted, abs=1e-7)
    near = np.abs(chain.strikes - FORWARD) < 500
    assert chain.iv[near] == pytest.approx(np.stack([wanted, wanted], axis=1)[near], abs=1e-6)


def test_volatility_at_the_money_lies_between_the_strikes_around_the_forward():
    chain = read(MadeChain(smile=smiling))

    share = (FORWARD - 24_500) / 50
    assert chain.atm_iv == pytest.approx(
        (1 - share) * smiling(24_500) + share * smiling(24_550), abs=1e-7
    )


def test_greeks_are_those_of_each_option_at_the_smile():
    chain = read(MadeChain(smile=smiling))

    for side in (CALL, PUT):
        alone = greeks(
            chain.forward, 24_800, chain.years, chain.smile[26], chain.discount, side == CALL
        )
        told = (chain.delta, chain.gamma, chain.theta, chain.vega)
        assert tuple(values[26, side] for values in told) == alone
    assert chain.delta[:, CALL] - chain.delta[:, PUT] == pytest.approx(chain.discount)


def test_one_wild_book_near_the_money_does_not_move_the_forward():
    chain = read(MadeChain(), NIFTY24500CE={"bid": 400.0, "ask": 401.0})

    assert chain.forward == pytest.approx(FORWARD, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"bid": 0.0}, Fault.ONE_SIDED),
        ({"ask": 0.0}, Fault.ONE_SIDED),
        ({"bid": nan, "ask": nan}, Fault.ONE_SIDED),
        ({"bid": 200.0, "ask": 199.0}, Fault.CROSSED),
        ({"bid": 200.0, "ask": 200.0}, Fault.CROSSED),
        ({"exchange_at": 0}, Fault.SILENT),
        ({"exchange_at": int((AT - timedelta(minutes=7)).timestamp() * 1e6)}, Fault.STALE),
        ({"bid": 24_900.0, "ask": 24_901.0}, Fault.NO_VOLATILITY),
    ],
)
def test_a_book_that_says_nothing_has_no_volatility_and_a_reason(change, fault):
    chain = read(MadeChain(), NIFTY24600CE=change)

    assert isnan(chain.iv[22, CALL])
    assert chain.fault[22, CALL] == fault
    assert Fault(chain.fault[22, CALL]).reason
    assert chain.fault[22, PUT] == Fault.NONE
    assert chain.smile[22] == chain.iv[22, PUT]


def test_a_mid_at_the_intrinsic_value_has_no_volatility():
    deep = {"bid": 900.0, "ask": 1_100.0}

    chain = read(MadeChain(), NIFTY23500CE=deep)

    assert chain.mid[0, CALL] == 1_000.0
    assert chain.fault[0, CALL] == Fault.NO_VOLATILITY
    assert chain.smile[0] == pytest.approx(0.12, abs=1e-6)


def test_an_option_that_is_not_listed_is_nowhere():
    chain = read(MadeChain(gone=frozenset({"NIFTY24600CE"})))

    assert chain.columns.call[22] == -1
    assert chain.columns.instrument(22, CALL) is None
    assert chain.columns.instrument(22, PUT).symbol == "NIFTY24600PE"
    assert chain.fault[22, CALL] == Fault.NOT_WATCHED
    assert isnan(chain.bid[22, CALL])
    assert chain.oi[22, CALL] == 0


def test_the_last_hour_before_expiry_still_has_volatilities():
    made = MadeChain(expiry=DAY, strikes=range(24_300, 24_750, 50))
    closing = datetime(2026, 10, 6, 15, 30, tzinfo=IST)
    ten_minutes = timedelta(minutes=10) / timedelta(days=365)
    quotes = {
        symbol: {"bid": value - 0.05, "ask": value + 0.05, "exchange_at": closing.timestamp() * 1e6}
        for symbol, value in {"NIFTY24500CE": 19.1, "NIFTY24500PE": 6.6}.items()
    }

    chain = chain_at(made.columns(), made.panel(quotes), closing)

    assert chain.years == ten_minutes
    assert chain.pairs == 1
    assert chain.forward == pytest.approx(24_512.5, abs=1e-3)
    assert 0.05 < chain.smile[4] < 0.5


def test_after_its_expiry_there_is_no_chain():
    made = MadeChain(expiry=DAY)

    found = chain_at(made.columns(), made.panel(), datetime(2026, 10, 6, 15, 40, tzinfo=IST))

    assert found == NoChain("it expired at 2026-10-06 15:40")


def test_without_whole_pairs_the_future_of_that_expiry_tells_the_forward():
    silent = {f"NIFTY{strike}PE": {"exchange_at": 0} for strike in range(23_500, 25_550, 50)}

    chain = read(MadeChain(with_future=True), **silent)

    assert (chain.forward, chain.pairs) == (FORWARD, 0)


def test_without_pairs_and_future_there_is_no_chain_and_the_reason_has_the_numbers():
    silent = {f"NIFTY{strike}PE": {"exchange_at": 0} for strike in range(23_500, 25_550, 50)}

    assert "0 strikes with whole books" in refused(MadeChain(), **silent)


def test_a_forward_far_from_the_spot_is_not_believed():
    assert "farther than 5% from 24500.00" in refused(MadeChain(forward=26_000.0))


def test_an_index_that_stands_at_zero_does_not_doubt_the_forward():
    assert read(MadeChain(), **{"NIFTY 50": {"last": 0.0}}).pairs == 9


def test_an_expiry_on_a_day_known_as_closed_gives_no_chain():
    made = MadeChain(expiry=date(2026, 12, 25))

    found = chain_at(made.columns(), made.panel(), AT)

    assert found == NoChain("the hours of 2026-12-25 are not known")


def test_a_chain_of_a_year_without_holidays_is_read_to_the_hours_of_its_date():
    made = MadeChain(expiry=date(2027, 1, 26))

    found = chain_at(made.columns(), made.panel(), AT)

    assert isinstance(found, Chain)
    ends = datetime(2027, 1, 26, 15, 30, tzinfo=IST)
    assert found.years == pytest.approx((ends - AT).total_seconds() / (365 * 86_400), abs=0)


def test_skew_is_positive_where_puts_are_dearer():
    made = MadeChain(smile=smiling)

    chain = read(made)

    assert 0.005 < chain.skew < 0.05
    assert read(replace(made, smile=lambda strike: 0.12)).skew == pytest.approx(0.0, abs=1e-6)
    assert isnan(read(replace(made, strikes=range(24_400, 24_650, 50))).skew)


def test_a_universe_without_options_has_no_chains():
    made = MadeChain(strikes=())

    assert chains_of_universe(made.universe(), date(1999, 1, 1)) == {}


def test_chains_are_named_by_underlying_and_expiry():
    made = MadeChain(with_future=True)

    chains = chains_of_universe(made.universe(), DAY)

    assert list(chains) == [("NIFTY", EXPIRY)]
    assert (chains["NIFTY", EXPIRY].spot, chains["NIFTY", EXPIRY].future) == (0, 1)
    assert chains_of_universe(made.universe(), EXPIRY + timedelta(days=1)) == {}


@pytest.mark.parametrize(
    "wrong",
    [{"stale_after": timedelta(0)}, {"near": -1}, {"least_pairs": 0}, {"furthest": 0.0}],
)
def test_rules_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ChainRules(**wrong)
