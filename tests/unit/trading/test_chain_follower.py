"""The ticker is told anew whenever the options around the money change, and only then."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.option_window import WindowSettings, chains_of
from trading.chain_follower import ChainFollower

DAY, EXPIRY = date(2026, 10, 6), date(2026, 10, 27)
INDEX = Instrument(1, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
CALLS = tuple(
    Instrument(
        strike,
        Exchange.NFO,
        f"NIFTY26OCT{strike}CE",
        "NIFTY",
        Kind.CALL,
        65,
        Decimal("0.05"),
        expiry=EXPIRY,
        strike=Decimal(strike),
    )
    for strike in range(24_000, 25_001, 100)
)


@pytest.fixture
def wanted() -> list[frozenset[int]]:
    return []


@pytest.fixture
def follower(wanted: list[frozenset[int]]) -> ChainFollower:
    chains = chains_of(CALLS, DAY, ("NIFTY",), 1)
    return ChainFollower((INDEX, *CALLS), chains, WindowSettings(each_side=1), wanted.append)


def test_everything_but_options_is_wanted_from_the_start(follower: ChainFollower) -> None:
    assert follower.tokens == {1}


def test_the_options_around_the_spot_are_wanted_and_moved_with_it(
    follower: ChainFollower, wanted: list[frozenset[int]]
) -> None:
    follower.follow({"NIFTY": 24_500.0}, ())
    follower.follow({"NIFTY": 24_540.0}, ())
    follower.follow({"NIFTY": 24_600.0}, {24_400})

    assert wanted == [
        frozenset({1, 24_400, 24_500, 24_600}),
        frozenset({1, 24_400, 24_500, 24_600, 24_700}),
    ]
    assert follower.tokens == wanted[-1]


def test_the_first_call_narrows_what_is_wanted_even_without_a_spot(
    follower: ChainFollower, wanted: list[frozenset[int]]
) -> None:
    follower.follow({}, ())
    follower.follow({}, ())

    assert wanted == [frozenset({1})]


def test_where_the_ticker_refuses_nothing_has_moved(wanted: list[frozenset[int]]) -> None:
    def refuse(_tokens: frozenset[int]) -> None:
        raise ValueError("too many")

    follower = ChainFollower((INDEX, *CALLS), (), WindowSettings(each_side=1), refuse)

    with pytest.raises(ValueError, match="too many"):
        follower.follow({"NIFTY": 24_500.0}, ())
    assert follower.tokens == {1}
