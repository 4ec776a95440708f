from __future__ import annotations

from decimal import Decimal

import pytest

from execution.kitesim.market import Market
from execution.kitesim.quotes import Level, Ohlc
from tests.unit.execution.kitesim.days import CALL, FUTURE, INDEX, OPEN, SHARE, day, tick

D = Decimal


def market(*rows):
    made = Market(day(rows))
    made.step()
    return made


def test_a_quote_tells_what_the_wire_does():
    made = market(
        tick(SHARE, 1510.0, volume=50, bid=1509.9, ask=1510.1, bid_quantity=7, ask_quantity=9)
    )

    quote = made.quote(SHARE)

    assert (quote.instrument_token, quote.last_price, quote.volume) == (408065, 1510.0, 50)
    assert (quote.last_quantity, quote.average_price, quote.net_change) == (50, 1510.0, 10.0)
    assert quote.ohlc == Ohlc(1510.0, 1510.0, 1510.0, 1500.0)
    assert quote.buy[:2] == (Level(1509.9, 7, 8), Level(1509.8, 10, 2))
    assert quote.sell[0] == Level(1510.1, 9, 1)
    assert quote.timestamp == quote.last_trade_time == OPEN


def test_a_quote_before_the_first_tick_has_no_time():
    quote = Market(day()).quote(FUTURE)

    assert (quote.timestamp, quote.last_trade_time) == (None, None)
    assert (quote.last_price, quote.net_change, quote.ohlc.close) == (0.0, 0.0, 24_450.0)


def test_the_band_is_ten_percent_around_the_close_before():
    assert Market(day()).circuit(SHARE) == (D("1350.00"), D("1650.00"))
    assert Market(day()).quote(SHARE).upper_circuit_limit == 1650.0


@pytest.mark.parametrize(
    ("last", "band"),
    [
        (1635.0, (D("1350.00"), D("1650.00"))),
        (1635.1, (D("1275.00"), D("1725.00"))),
        (1300.0, (D("1275.00"), D("1725.00"))),
        (1200.0, (D("1125.00"), D("1875.00"))),
    ],
)
def test_the_band_is_widened_when_the_day_comes_near_its_edge(last, band):
    assert market(tick(SHARE, last)).circuit(SHARE) == band


def test_an_index_has_no_band_and_neither_has_what_has_no_close_before():
    made = market(tick(INDEX, 24_000.0), tick(CALL, 100.0))

    assert made.circuit(INDEX) is None
    assert made.circuit(CALL) is None
    assert made.quote(INDEX).lower_circuit_limit == 0


def test_an_option_has_a_wide_band_of_its_own():
    made = market(tick(CALL, 100.0))
    made.state.packets["close"][3] = 10_000

    assert made.circuit(CALL) == (D("0.05"), D("700.00"))
