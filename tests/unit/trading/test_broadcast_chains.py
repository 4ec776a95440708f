"""The chains a page is told, against the chains an engine's panel would tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any

import msgspec
import pytest

from marketdata.built_day import BuiltDay
from marketdata.options.chain import Chain, chain_at, chains_of
from marketdata.options.columns import options_universe
from marketdata.options.iv_file import read_histories
from marketdata.panel import Panel
from marketdata.tape import Frame, TapeReader
from marketdata.timeframes import Timeframe
from tests.made_day import made_day
from tests.unit.trading.test_broadcast_market import SHARE, facts, frame
from trading.broadcast_chains import ChainBoard
from trading.broadcast_facts import DeskFacts
from trading.broadcast_market import Market

FRAMES = 400


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("chains"), options=True)


def facts_of(built: BuiltDay, day: date | None = None) -> DeskFacts:
    head = TapeReader(built.tape_path).head
    told = facts(head.instruments, dict(head.previous_close))
    return replace(
        told,
        date=day or head.date,
        opens_at_s=int(head.session_open.timestamp()),
        iv_history=read_histories(built.warmup_path),
    )


def frames(built: BuiltDay) -> Iterator[Frame]:
    return islice(TapeReader(built.tape_path).frames(), FRAMES)


@pytest.fixture(scope="module")
def market(built: BuiltDay) -> Market:
    found = Market(facts_of(built))
    for one in frames(built):
        found.take(one)
    return found


@pytest.fixture(scope="module")
def told(market: Market) -> dict[Any, dict[str, Any]]:
    return market.chains.documents()


def test_every_listed_chain_is_told_by_underlying_and_expiry(market: Market, told):
    assert list(told) == list(market.chains.keys)
    assert {name for name, _ in told} == {"NIFTY", "BANKNIFTY"}
    for (name, expiry), document in told.items():
        assert (document["underlying"], document["expiry"]) == (name, expiry.isoformat())
        assert document["why_not"] == ""


def test_its_figures_are_those_of_the_chain_that_the_same_ticks_make(built: BuiltDay, told):
    head = TapeReader(built.tape_path).head
    universe = options_universe(head.instruments)
    opens_at = int(head.session_open.timestamp())
    panel = Panel(universe.tokens, [Timeframe.MINUTE], opens_at, 1, None, None)
    for one in frames(built):
        own = [int(token) in set(universe.tokens.tolist()) for token in one.ticks["token"]]
        panel.apply(one.ticks[own])
        at = one.at

    for key, columns in chains_of(universe, head.date).items():
        chain = chain_at(columns, panel, at)
        assert isinstance(chain, Chain)
        document = told[key]
        for name in ("forward", "atm_iv", "pcr_oi", "max_pain", "call_wall", "put_wall"):
            assert document[name] == pytest.approx(getattr(chain, name), abs=1e-6), name
        row = next(row for row in document["rows"] if row["strike"] == document["atm"])
        for place, side in enumerate(("call", "put")):
            for name in ("bid", "ask", "iv", "delta", "gamma", "theta", "vega", "oi"):
                expected = float(getattr(chain, name)[chain.atm, place])
                assert row[side][name] == pytest.approx(expected, abs=1e-6), name


def test_a_months_volatility_and_its_place_among_days_before_are_told(told):
    document = next(iter(told.values()))

    assert 0.02 < document["iv_month"] < 1.0
    assert 0 <= document["iv_rank"] <= 100
    assert document["iv_missing"] == ""


def test_without_history_it_is_said_why_there_is_no_rank(built: BuiltDay):
    market = Market(replace(facts_of(built), iv_history={}))
    for one in frames(built):
        market.take(one)

    document = next(iter(market.chains.documents().values()))
    assert document["iv_rank"] is None
    assert document["iv_missing"] == "no volatility of days before is stored"


def test_strikes_of_which_nothing_was_heard_are_left_out(built: BuiltDay):
    market = Market(facts_of(built))
    one = next(frames(built))
    market.take(one)
    heard = {int(token) for token in one.ticks["token"]}

    shown = {row["strike"] for row in market.chains.documents()[market.chains.keys[0]]["rows"]}

    listed = [
        item for item in facts_of(built).instruments if item.strike and item.name == "BANKNIFTY"
    ]
    assert shown <= {float(item.strike) for item in listed if item.token in heard}


def test_the_documents_are_plain_json(told):
    document = next(iter(told.values()))

    assert msgspec.json.decode(msgspec.json.encode(document)) == document


def test_before_the_first_frame_there_is_nothing_to_tell(built: BuiltDay):
    assert ChainBoard(facts_of(built)).documents() == {}


def test_a_desk_without_options_has_no_chain():
    market = Market(facts((SHARE,), {SHARE.token: 400.0}))
    market.take(frame(0, 0, 400.0, 10))

    assert market.chains.keys == ()
    assert market.chains.documents() == {}


def test_a_day_before_interest_rates_are_known_has_no_chain(built: BuiltDay):
    assert ChainBoard(facts_of(built, date(1999, 1, 4))).keys == ()
