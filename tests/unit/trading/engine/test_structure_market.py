from __future__ import annotations

import math
from dataclasses import replace

from marketdata.options.chain import Chain, NoChain, chains_of
from strategies.signals import Direction, Signal
from tests.unit.trading.engine.builders import FUTURE, INDEX, TODAY, at
from tests.unit.trading.engine.legs import LOW_CALL, LegsDesk, option
from trading.engine.structure_market import PanelMarket

SIGNAL = Signal(
    "together", INDEX, Direction.LONG, at(9, 30), at(9, 33), 24_000.0, 23_950.0, 24_050.0, 24_100.0,
    0.5, "LONG",
)  # fmt: skip


def market(desk: LegsDesk) -> PanelMarket:
    universe = desk.engine.setup.universe
    chains = chains_of(universe, TODAY)
    return PanelMarket(universe, desk.engine.panel, chains, desk.now, "{} has no {}".format)


def test_it_tells_what_the_panel_holds() -> None:
    desk = LegsDesk()
    desk.now = at(9, 30)
    desk.quotes()

    told = market(desk)

    assert told.at == at(9, 30)
    assert (told.quote(option(LOW_CALL)).bid, told.quote(option(LOW_CALL)).ask) == (54.9, 55.1)
    assert told.contract_of(SIGNAL) == FUTURE


def test_an_instrument_that_is_no_column_has_no_price() -> None:
    stranger = replace(option(LOW_CALL), symbol="NIFTY26O1399000CE", token=999)

    quote = market(LegsDesk()).quote(stranger)

    assert math.isnan(quote.last)
    assert not quote.has_book


def test_a_chain_is_worked_out_once() -> None:
    desk = LegsDesk()
    desk.now = at(9, 30)
    desk.quotes()
    told = market(desk)

    first = told.chain("NIFTY", 0)

    assert told.chain("NIFTY", 0) is first
    assert isinstance(first, Chain | NoChain)


def test_an_expiry_that_is_not_watched_says_how_many_are() -> None:
    told = market(LegsDesk())

    missing = told.chain("NIFTY", 1)

    assert isinstance(missing, NoChain)
    assert "1 expiries watched, wanted 2" in missing.reason
    assert isinstance(told.chain("BANKNIFTY", 0), NoChain)


def test_why_a_reading_is_not_known_is_asked_by_the_name_of_the_derivatives() -> None:
    told = market(LegsDesk()).why_unknown(option(LOW_CALL), "iv_rank")

    assert told == "NIFTY has no iv_rank"
