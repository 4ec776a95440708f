"""Quotes asked for over REST: how they are asked, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

import pytest

from marketdata.kite.client import Client, RestLogin
from marketdata.kite.quotes import KiteQuotes
from marketdata.kite.reads import Patience, Reads
from marketdata.pacing import Call, Lane
from marketdata.sources import Close, SourceFailed

DAY = date(2026, 11, 23)


class MadeClient(Client):
    """Answers what a test says, and remembers the keys of every call."""

    def __init__(self, answer: Any) -> None:
        super().__init__(RestLogin("key", "token"))
        self.asked: list[tuple[str, list[str]]] = []
        self.answer = answer

    def _request(
        self, route: str, method: str, *_: object, params: Any = None, **__: object
    ) -> Any:
        keys = list(params["i"])
        self.asked.append((route, keys))
        return self.answer(keys) if callable(self.answer) else self.answer


class Turns:
    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        assert call is Call.QUOTE

    def hold(self, call: Call) -> None:
        raise AssertionError(call)


async def no_pause(_seconds: float) -> None:
    raise AssertionError("asked again")


def quotes(answer: Any) -> tuple[KiteQuotes, MadeClient]:
    client = MadeClient(answer)
    return KiteQuotes(Reads(client, Turns(), no_pause, Patience()), DAY), client


def rows(**fields: Any) -> Any:
    return lambda keys: {key: {"instrument_token": 1, **fields} for key in keys}


def keys(count: int) -> list[str]:
    return [f"NSE:M&M{number}" for number in range(count)]


async def test_closes_before_are_those_of_ohlc_and_nothing_is_no_close() -> None:
    told = {"NSE:A": {"ohlc": {"close": 100.05}}, "NSE:B": {"ohlc": {"close": 0}}}
    asked, client = quotes(told)

    found = await asked.previous_closes(["NSE:A", "NSE:B", "NSE:GONE"], DAY)

    assert found == {"NSE:A": Close(100.05, None)}
    assert client.asked == [("market.quote", ["NSE:A", "NSE:B", "NSE:GONE"])]


@pytest.mark.parametrize(
    ("timestamp", "close"),
    [
        ("2026-11-20 15:40:02", Close(101.0, date(2026, 11, 20))),
        ("2026-11-23 09:00:01", Close(100.0, None)),
        ("", Close(100.0, None)),
        (None, Close(100.0, None)),
    ],
)
async def test_a_quote_of_the_session_before_ended_at_its_last_price(
    timestamp: str | None, close: Close
) -> None:
    asked, _ = quotes(rows(last_price=101, ohlc={"close": 100}, timestamp=timestamp))

    assert await asked.previous_closes(["NSE:A"], DAY) == {"NSE:A": close}


async def test_a_quote_of_no_readable_moment_is_refused() -> None:
    asked, _ = quotes(rows(last_price=101, ohlc={"close": 100}, timestamp="yesterday"))

    with pytest.raises(SourceFailed, match="NSE:A: timestamp is 'yesterday', expected a moment"):
        await asked.previous_closes(["NSE:A"], DAY)


@pytest.mark.parametrize("ohlc", [None, {}])
async def test_a_close_before_that_is_no_number_is_refused(ohlc: object) -> None:
    asked, _ = quotes(rows(last_price=101, ohlc=ohlc))

    with pytest.raises(SourceFailed):
        await asked.previous_closes(["NSE:A"], DAY)


async def test_last_prices_come_from_ltp() -> None:
    asked, client = quotes(rows(last_price=7))

    assert await asked.last_prices(["NSE:A"]) == {"NSE:A": 7.0}
    assert client.asked[0][0] == "market.quote.ltp"


async def test_price_limits_are_exact_and_left_out_where_there_are_none() -> None:
    told = {
        "NSE:A": {"lower_circuit_limit": 90.1, "upper_circuit_limit": 110.15},
        "NSE:INDEX": {"lower_circuit_limit": 0, "upper_circuit_limit": 0},
    }
    asked, _ = quotes(told)

    limits = await asked.price_limits(["NSE:A", "NSE:INDEX"])

    assert limits == {"NSE:A": (Decimal("90.10"), Decimal("110.15"))}


@pytest.mark.parametrize(("ask", "most"), [("price_limits", 500), ("last_prices", 1_000)])
async def test_a_call_takes_no_more_keys_than_kite_and_a_line_of_http(ask: str, most: int) -> None:
    fields = {"last_price": 1.0, "lower_circuit_limit": 1.0, "upper_circuit_limit": 2.0}
    asked, client = quotes(rows(**fields))
    short, long = [f"B:{number}" for number in range(2_100)], keys(2_100)

    for wanted in (short, long):
        client.asked.clear()
        told = await getattr(asked, ask)(wanted)
        parts = [part for _, part in client.asked]
        assert [key for part in parts for key in part] == wanted
        assert list(told) == wanted
        assert max(map(len, parts)) <= most
        assert max(len("&i=".join(map(quote_plus, part))) for part in parts) < 7_100


async def test_nothing_is_asked_for_nothing() -> None:
    asked, client = quotes({})

    assert await asked.last_prices([]) == {}
    assert not client.asked


@pytest.mark.parametrize(
    ("told", "ask"),
    [
        ([], "last_prices"),
        ({"NSE:OTHER": {"last_price": 1}}, "last_prices"),
        ({"NSE:A": 7}, "last_prices"),
        ({"NSE:A": {}}, "last_prices"),
        ({"NSE:A": {"last_price": "7"}}, "last_prices"),
        ({"NSE:A": {"last_price": True}}, "last_prices"),
        ({"NSE:A": {"last_price": float("inf")}}, "last_prices"),
        ({"NSE:A": {"lower_circuit_limit": 9, "upper_circuit_limit": 9}}, "price_limits"),
        ({"NSE:A": {"lower_circuit_limit": 1, "upper_circuit_limit": 1e300}}, "price_limits"),
    ],
)
async def test_what_is_no_quote_is_refused(told: object, ask: str) -> None:
    asked, _ = quotes(told)

    with pytest.raises(SourceFailed):
        await getattr(asked, ask)(["NSE:A"])
