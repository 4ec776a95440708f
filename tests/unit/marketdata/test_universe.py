"""Which instruments become columns, in which order, and the reasons in and out."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from marketdata.instrument_dump import DumpRules, parse_dump
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.option_columns import OptionColumns
from marketdata.universe import (
    Column,
    NotInUniverse,
    Universe,
    UniverseError,
    UniverseSettings,
    build_universe,
)

TODAY = date(2026, 11, 23)
SETTINGS = UniverseSettings(
    indices=("NIFTY", "BANKNIFTY"),
    watched=("INDIAVIX",),
    futures_per_index=1,
    stocks=2,
    traded_value={"RELIANCE": 5e9, "TCS": 3e9, "SBIN": 9e9, "TINY": 10.0},
    least_traded_value=1e7,
    needs_derivatives=True,
    banned=frozenset(),
    most_columns=100,
)


def instrument(
    token: int, symbol: str, kind: Kind, name: str = "", expiry: date | None = None
) -> Instrument:
    exchange = Exchange.NFO if kind is Kind.FUTURE else Exchange.NSE
    return Instrument(
        token, exchange, symbol, name or symbol, kind, 1, Decimal("0.05"), expiry=expiry
    )


def market() -> tuple[Instrument, ...]:
    items = [
        instrument(1, "NIFTY 50", Kind.INDEX, "NIFTY"),
        instrument(2, "NIFTY BANK", Kind.INDEX, "BANKNIFTY"),
        instrument(3, "INDIA VIX", Kind.INDEX, "INDIAVIX"),
    ]
    for offset, name in enumerate(("NIFTY", "BANKNIFTY", "RELIANCE", "TCS", "SBIN", "TINY")):
        for month, day in enumerate((TODAY, date(2026, 12, 29))):
            symbol = f"{name}{day:%d%b}FUT".upper()
            items.append(instrument(100 + 10 * offset + month, symbol, Kind.FUTURE, name, day))
    for offset, name in enumerate(("RELIANCE", "TCS", "SBIN", "TINY", "NOFUT")):
        items.append(instrument(500 + offset, name, Kind.EQUITY))
    return tuple(items)


def keys(universe: Universe) -> list[str]:
    return [column.instrument.symbol for column in universe.columns]


def test_indices_come_first_then_their_near_futures_then_shares_by_traded_value() -> None:
    universe = build_universe(market(), TODAY, SETTINGS)

    assert keys(universe) == [
        "NIFTY 50",
        "NIFTY BANK",
        "INDIA VIX",
        "NIFTY23NOVFUT",
        "BANKNIFTY23NOVFUT",
        "SBIN",
        "RELIANCE",
    ]
    assert list(universe.tokens) == [1, 2, 3, 100, 110, 502, 500]
    assert universe.names == tuple(keys(universe))


def test_an_index_is_traded_as_its_near_future_and_takes_its_volume() -> None:
    universe = build_universe(market(), TODAY, SETTINGS)

    nifty, future = universe.columns[0], universe.columns[3]
    assert nifty.scanned
    assert nifty.trade_as == nifty.volume_from == 3
    assert not future.scanned
    assert future.trade_as == future.volume_from == 3


def test_a_watched_index_is_neither_scanned_nor_traded() -> None:
    vix = build_universe(market(), TODAY, SETTINGS).columns[2]

    assert not vix.scanned
    assert vix.trade_as is None
    assert vix.volume_from == 2


def test_a_share_is_scanned_and_traded_as_itself() -> None:
    sbin = build_universe(market(), TODAY, SETTINGS).columns[5]

    assert sbin.scanned
    assert sbin.trade_as == sbin.volume_from == 5
    assert sbin.why == "rank 1 by traded value"


def test_an_expired_future_never_enters() -> None:
    universe = build_universe(market(), date(2026, 11, 24), SETTINGS)

    assert "NIFTY29DECFUT" in keys(universe)
    assert "NIFTY23NOVFUT" not in keys(universe)


def test_without_its_future_an_index_is_shown_but_not_scanned() -> None:
    cash_only = tuple(item for item in market() if item.kind is not Kind.FUTURE)

    universe = build_universe(cash_only, TODAY, replace(SETTINGS, needs_derivatives=False))

    assert not universe.columns[0].scanned
    assert universe.columns[0].trade_as is None
    assert ("NIFTY", "no future expiring on 2026-11-23 or later") in universe.left_out


def test_without_its_index_only_the_near_future_is_scanned() -> None:
    no_spot = tuple(item for item in market() if item.name != "NIFTY" or item.kind is Kind.FUTURE)

    universe = build_universe(no_spot, TODAY, replace(SETTINGS, futures_per_index=2))

    scanned = {column.instrument.symbol: column.scanned for column in universe.columns}
    assert scanned["NIFTY23NOVFUT"]
    assert not scanned["NIFTY29DECFUT"]
    assert ("NIFTY", "index is not in the instrument dump") in universe.left_out


def test_every_share_left_out_has_its_reason() -> None:
    universe = build_universe(market(), TODAY, SETTINGS)

    reasons = dict(universe.left_out)
    assert reasons["NSE:NOFUT"] == "no derivatives"
    assert reasons["NSE:TINY"] == "traded value 10 below 10000000"
    assert reasons["NSE:TCS"] == "rank 3 by traded value, 2 are taken"
    assert reasons["NFO:NIFTY29DECFUT"] == "beyond 1 futures of NIFTY"


def test_a_share_without_known_or_with_undefined_traded_value_is_left_out() -> None:
    settings = replace(SETTINGS, traded_value={"SBIN": float("nan")})

    universe = build_universe(market(), TODAY, settings)

    reasons = dict(universe.left_out)
    assert reasons["NSE:SBIN"] == reasons["NSE:TCS"] == "traded value not known"


def test_every_equity_is_either_a_column_or_left_out() -> None:
    universe = build_universe(market(), TODAY, SETTINGS)

    shown = {column.instrument.key for column in universe.columns}
    told = shown | {key for key, _ in universe.left_out}
    assert {item.key for item in market() if item.kind is Kind.EQUITY} <= told
    assert not shown & {key for key, _ in universe.left_out}


def test_the_cap_cuts_from_the_end_and_says_so() -> None:
    universe = build_universe(market(), TODAY, replace(SETTINGS, most_columns=6))

    assert len(universe) == 6
    assert ("NSE:RELIANCE", "over the cap of 6 columns") in universe.left_out


def test_a_cap_that_cuts_an_indexs_future_stops_its_scan() -> None:
    universe = build_universe(market(), TODAY, replace(SETTINGS, most_columns=4))

    assert universe.columns[0].scanned
    assert not universe.columns[1].scanned
    assert universe.columns[1].trade_as is None


def test_the_order_of_the_dump_does_not_matter() -> None:
    items = list(market())
    expected = build_universe(tuple(items), TODAY, SETTINGS)
    for seed in range(20):
        random.Random(seed).shuffle(items)
        assert build_universe(tuple(items), TODAY, SETTINGS) == expected


def test_equal_traded_values_are_ranked_by_symbol() -> None:
    settings = replace(SETTINGS, traded_value=dict.fromkeys(("TCS", "SBIN", "RELIANCE"), 1e9))

    assert keys(build_universe(market(), TODAY, settings))[-2:] == ["RELIANCE", "SBIN"]


def test_a_banned_share_is_shown_and_blocked() -> None:
    settings = replace(SETTINGS, banned=frozenset({"SBIN", "NOTHERE"}))

    universe = build_universe(market(), TODAY, settings)

    assert "SBIN" in keys(universe)
    assert universe.blocked == {"SBIN"}


def test_without_a_ban_list_every_share_is_blocked_and_no_index() -> None:
    universe = build_universe(market(), TODAY, replace(SETTINGS, banned=None))

    assert universe.blocked == {"SBIN", "RELIANCE"}


def test_a_column_is_found_by_token_and_by_key() -> None:
    universe = build_universe(market(), TODAY, SETTINGS)

    assert universe.column_of(502) == universe.column_of("NSE:SBIN") == 5
    with pytest.raises(NotInUniverse, match="NSE:TCS"):
        universe.column_of("NSE:TCS")


def test_columns_must_stand_where_they_say_and_once() -> None:
    share = instrument(1, "A", Kind.EQUITY)

    with pytest.raises(UniverseError, match="stands at 0"):
        Universe((Column(1, share, True, 1, 1, ""),), (), frozenset())
    with pytest.raises(UniverseError, match="appears twice"):
        Universe(
            (Column(0, share, True, 0, 0, ""), Column(1, share, True, 1, 1, "")), (), frozenset()
        )


@pytest.mark.parametrize(
    ("field", "value"), [("stocks", -1), ("futures_per_index", -1), ("most_columns", 0)]
)
def test_impossible_settings_name_their_field(field: str, value: int) -> None:
    with pytest.raises(UniverseError, match=field):
        replace(SETTINGS, **{field: value})


@pytest.mark.shared_data
def test_a_real_dump_joins_indices_to_their_futures(shared_data: Path) -> None:
    rules = DumpRules(date(2026, 8, 18), 0, frozenset())
    folder = shared_data / "instruments"
    derivatives = parse_dump(folder / "kite_nfo_bfo_2026-08-18.csv.gz", rules).instruments
    cash = parse_dump(folder / "kite_nse_2020-12-05.csv.gz", rules).instruments
    settings = replace(SETTINGS, indices=("NIFTY", "BANKNIFTY", "FINNIFTY"), stocks=3)

    universe = build_universe(cash + derivatives, rules.on, settings)

    traded = [
        universe.columns[column.trade_as].instrument.symbol
        for column in universe.columns[:3]
        if column.trade_as is not None
    ]
    assert traded == ["NIFTY26AUGFUT", "BANKNIFTY26AUGFUT", "FINNIFTY26AUGFUT"]
    assert keys(universe)[-3:] == ["SBIN", "RELIANCE", "TCS"]


EXPIRY = date(2026, 12, 29)
SPOTS = {"NIFTY": 24_520.0, "BANKNIFTY": 55_000.0}


def option(
    token: int, name: str, strike: int, kind: Kind = Kind.CALL, expiry: date = EXPIRY
) -> Instrument:
    symbol = f"{name}{expiry:%y%b%d}{strike}{kind}".upper()
    return replace(
        instrument(token, symbol, kind, name, expiry), exchange=Exchange.NFO, strike=Decimal(strike)
    )


def chains() -> tuple[Instrument, ...]:
    items, token = [], 1_000
    for name, strikes in (("NIFTY", range(24_400, 24_701, 100)), ("BANKNIFTY", (55_000, 55_500))):
        for strike in strikes:
            for kind in (Kind.PUT, Kind.CALL):
                items.append(option(token, name, strike, kind))
                token += 1
    return tuple(items)


def with_options(most: int, *extra: Instrument) -> Universe:
    settings = replace(SETTINGS, options=OptionColumns(most, SPOTS))
    return build_universe((*chains(), *extra, *market()), TODAY, settings)


def test_options_of_scanned_underlyings_stand_behind_all_others_in_their_order() -> None:
    plain, universe = build_universe(market(), TODAY, SETTINGS), with_options(100)

    options = universe.columns[universe.studied :]
    assert universe.columns[: universe.studied] == plain.columns
    assert (plain.studied, universe.studied) == (len(plain), len(plain))
    assert [(c.instrument.name, c.instrument.strike, str(c.instrument.kind)) for c in options] == [
        ("BANKNIFTY", 55_000, "CE"),
        ("BANKNIFTY", 55_000, "PE"),
        ("BANKNIFTY", 55_500, "CE"),
        ("BANKNIFTY", 55_500, "PE"),
        ("NIFTY", 24_400, "CE"),
        ("NIFTY", 24_400, "PE"),
        ("NIFTY", 24_500, "CE"),
        ("NIFTY", 24_500, "PE"),
        ("NIFTY", 24_600, "CE"),
        ("NIFTY", 24_600, "PE"),
        ("NIFTY", 24_700, "CE"),
        ("NIFTY", 24_700, "PE"),
    ]
    assert all(not c.scanned and c.trade_as is None and c.volume_from == c.index for c in options)
    assert options[4].why == "option of NIFTY, 24400 CE, expires 2026-12-29"


def test_the_cap_keeps_the_options_nearest_to_the_money() -> None:
    universe = with_options(4)

    kept = [column.instrument for column in universe.columns[universe.studied :]]
    assert [(item.name, item.strike) for item in kept] == [
        ("BANKNIFTY", 55_000),
        ("BANKNIFTY", 55_000),
        ("NIFTY", 24_500),
        ("NIFTY", 24_500),
    ]
    left = [key for key, why in universe.left_out if why == "over the cap of 4 options"]
    assert len(left) == len(chains()) - 4


def test_the_cap_on_all_columns_holds_for_options_too() -> None:
    plain = len(build_universe(market(), TODAY, SETTINGS))
    settings = replace(SETTINGS, most_columns=plain + 2, options=OptionColumns(50, SPOTS))

    universe = build_universe((*chains(), *market()), TODAY, settings)

    assert len(universe) == plain + 2


def test_options_that_expired_or_whose_underlying_is_not_scanned_are_no_columns() -> None:
    gone = option(2_000, "NIFTY", 24_500, expiry=date(2026, 11, 20))
    unscanned = option(2_001, "INDIAVIX", 15)

    universe = with_options(100, gone, unscanned)

    assert not {2_000, 2_001} & set(universe.tokens.tolist())


def test_the_option_columns_do_not_depend_on_the_order_of_the_list() -> None:
    items = [*chains(), *market()]
    settings = replace(SETTINGS, options=OptionColumns(5, {}))
    expected = build_universe(tuple(items), TODAY, settings).columns
    random.Random(5).shuffle(items)

    assert build_universe(tuple(items), TODAY, settings).columns == expected


def test_an_option_before_another_column_is_refused() -> None:
    items = (option(1_000, "NIFTY", 24_500), instrument(1, "NIFTY 50", Kind.INDEX, "NIFTY"))
    columns = tuple(Column(place, item, False, None, place, "") for place, item in enumerate(items))

    with pytest.raises(UniverseError, match="options last"):
        Universe(columns, (), frozenset())


def test_less_than_no_options_is_refused() -> None:
    with pytest.raises(ValueError, match=r"options\.most"):
        OptionColumns(-1, {})
