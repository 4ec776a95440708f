"""What a live day watches, and the reasons in and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from marketdata.calendar import Calendar
from marketdata.dump_checks import day_dump, rules_on
from marketdata.instrument_dump import DumpRules, read_dump
from marketdata.instruments import Instrument, Kind
from marketdata.live_universe import (
    BANNED,
    NO_CHAIN,
    NO_SPOT,
    LiveUniverse,
    LiveUniverseSettings,
    MarketFacts,
    choose,
)
from marketdata.made_dump import DumpSize, made_dump

DAY = date(2026, 10, 6)
SETTINGS = LiveUniverseSettings(stocks=3, chain_reach=0.02, chain_days=0)
FACTS = MarketFacts(
    on=DAY,
    traded_value={"TCS": 9e9, "INFY": 8e9, "SBIN": 7e9, "RELIANCE": 6e9, "ITC": 1e6},
    banned=frozenset(),
    spots={"NIFTY": 24_510.0, "BANKNIFTY": 55_020.0},
)


@pytest.fixture(scope="module")
def listed() -> tuple[Instrument, ...]:
    made = made_dump(DAY, Calendar.load(), DumpSize(shares=20, with_derivatives=20))
    alone = DumpRules(DAY, 0, frozenset())
    files = {name: read_dump(name, raw, alone) for name, raw in made.items()}
    return day_dump(files, rules_on(DAY, practice=True), {}).instruments


def symbols(universe: LiveUniverse, *kinds: Kind) -> list[str]:
    return [item.symbol for item in universe.instruments if item.kind in kinds]


def test_indices_then_futures_then_shares_then_options(listed: tuple[Instrument, ...]) -> None:
    universe = choose(listed, SETTINGS, FACTS)

    assert symbols(universe, Kind.INDEX) == ["NIFTY 50", "NIFTY BANK", "INDIA VIX"]
    assert symbols(universe, Kind.FUTURE) == [
        "NIFTY26OCTFUT",
        "NIFTY26NOVFUT",
        "BANKNIFTY26OCTFUT",
        "BANKNIFTY26NOVFUT",
    ]
    assert sorted(symbols(universe, Kind.EQUITY)) == ["INFY", "SBIN", "TCS"]
    options = symbols(universe, Kind.CALL, Kind.PUT)
    assert len(options) == 2 * (19 + 23)
    assert universe.instruments[-len(options)].kind is Kind.CALL
    assert len(universe.instruments) == len(universe.why) == 3 + 4 + 3 + len(options)


def test_each_one_in_has_its_reason(listed: tuple[Instrument, ...]) -> None:
    universe = choose(listed, SETTINGS, FACTS)

    assert universe.why["NFO:NIFTY26NOVFUT"] == "future 2 of NIFTY, expires 2026-11-23"
    assert universe.why["NSE:TCS"] == "rank 1 by traded value"
    assert universe.why["NFO:NIFTY26OCT24500CE"] == "option of NIFTY, 2026-10-27, strike 24500"


def test_each_one_out_has_its_reason_and_the_numbers_are_not_counted_apart(
    listed: tuple[Instrument, ...],
) -> None:
    universe = choose(listed, SETTINGS, FACTS)

    assert ("NSE:RELIANCE", "rank 4 by traded value, 3 are taken") in universe.left_out
    assert ("NSE:ITC", "traded value 1000000 below 500000000") in universe.left_out
    assert universe.reasons()["traded value not known"] == 15
    assert universe.reasons()["beyond futures of NIFTY"] == 1


def test_a_banned_share_makes_room_for_the_next(listed: tuple[Instrument, ...]) -> None:
    universe = choose(listed, SETTINGS, replace(FACTS, banned=frozenset({"TCS"})))

    assert sorted(symbols(universe, Kind.EQUITY)) == ["INFY", "RELIANCE", "SBIN"]
    assert ("NSE:TCS", BANNED) in universe.left_out
    assert not universe.blocked


def test_without_a_ban_list_every_share_is_watched_and_blocked(
    listed: tuple[Instrument, ...],
) -> None:
    universe = choose(listed, SETTINGS, replace(FACTS, banned=None))

    assert universe.blocked == {"TCS", "INFY", "SBIN"}


def test_a_chain_without_a_price_of_its_underlying_is_left_out(
    listed: tuple[Instrument, ...],
) -> None:
    universe = choose(listed, SETTINGS, replace(FACTS, spots={"NIFTY": 24_510.0}))

    assert [chain.key[0] for chain in universe.chains] == ["NIFTY"]
    assert ("BANKNIFTY", NO_SPOT) in universe.left_out


@pytest.mark.parametrize(
    ("days", "expiries"),
    [
        (0, ["2026-10-27"]),
        (21, ["2026-10-27"]),
        (22, ["2026-10-27", "2026-11-23"]),
        (30, ["2026-10-27", "2026-11-23"]),
        (400, ["2026-10-27", "2026-11-23", "2026-12-29"]),
    ],
)
def test_expiries_are_watched_up_to_the_first_that_lies_so_many_days_away(
    listed: tuple[Instrument, ...], days: int, expiries: list[str]
) -> None:
    universe = choose(listed, replace(SETTINGS, chain_days=days), FACTS)

    watched = [chain.key[1].isoformat() for chain in universe.chains if chain.key[0] == "NIFTY"]
    assert watched == expiries


def test_a_month_ahead_has_an_expiry_on_either_side_by_default(
    listed: tuple[Instrument, ...],
) -> None:
    universe = choose(listed, LiveUniverseSettings(stocks=3), FACTS)

    for name in ("NIFTY", "BANKNIFTY"):
        days = [(chain.key[1] - DAY).days for chain in universe.chains if chain.key[0] == name]
        assert min(days) <= 30 <= max(days)


def test_over_the_cap_the_options_farthest_from_the_money_go_first(
    listed: tuple[Instrument, ...],
) -> None:
    universe = choose(listed, replace(SETTINGS, most=10 + 4), FACTS)

    assert symbols(universe, Kind.CALL, Kind.PUT) == [
        "NIFTY26OCT24500CE",
        "NIFTY26OCT24500PE",
        "BANKNIFTY26OCT55000CE",
        "BANKNIFTY26OCT55000PE",
    ]
    assert universe.capped == 2 * (19 + 23) - 4
    assert [len(chain.strikes) for chain in universe.chains] == [1, 1]


def test_under_a_cap_below_the_columns_no_option_is_left(listed: tuple[Instrument, ...]) -> None:
    universe = choose(listed, replace(SETTINGS, most=5), FACTS)

    assert len(universe.instruments) == 5
    assert not universe.chains


@pytest.mark.parametrize(
    "wrong", [{"chain_reach": 1.0}, {"most": 0}, {"chain_expiries": 0}, {"traded_sessions": 0}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LiveUniverseSettings(**wrong)


def test_a_name_without_options_is_told(listed: tuple[Instrument, ...]) -> None:
    universe = choose(listed, replace(SETTINGS, chains=("NIFTY", "NOSUCH")), FACTS)

    assert ("NOSUCH", NO_CHAIN) in universe.left_out
    assert {chain.key[0] for chain in universe.chains} == {"NIFTY"}


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"indices": ("NIFTY", "NIFTY 50")}, "indices: 'NIFTY 50', expected any of NIFTY, BANKN"),
        ({"indices": ("INDIAVIX",), "chains": ()}, "indices: 'INDIAVIX', expected any of NIFTY"),
        ({"watched": ("VIX",)}, "watched: 'VIX', expected any of .*INDIAVIX"),
        ({"chains": ("SENSEX",)}, "chains: 'SENSEX', expected an index of `indices`, or a share"),
        ({"chains": ("NIFTY", "NIFTY")}, "chains: NIFTY, NIFTY, expected each once"),
        ({"stocks": -1}, "stocks: -1, expected 0 or more"),
        ({"least_traded_value": float("nan")}, "least_traded_value: nan, expected 0 or more"),
    ],
)
def test_what_cannot_be_watched_is_refused_by_its_name(
    settings: dict[str, object], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        LiveUniverseSettings(**settings)  # type: ignore[arg-type]
