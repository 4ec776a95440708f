"""What an account is said to hold and to have working, and by whose clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from execution.kite.standing import ServerClock, Standing, listening, standing, waiting
from marketdata.kite.client import Client, RestLogin
from marketdata.kite.reads import Patience, Reads
from marketdata.pacing import Call, Lane
from marketdata.sources import SourceFailed

CAME = datetime(2026, 11, 23, 3, 0, 10, 400_000, tzinfo=UTC)
HELD = {"exchange": "NFO", "tradingsymbol": "NIFTY26NOV26000CE", "quantity": 65}
FLAT = {"exchange": "NSE", "tradingsymbol": "INFY", "quantity": 0}


class Account:
    """A client whose answers are made up, and the calls made to it."""

    def __init__(self, **changes: Any) -> None:
        self.told: dict[str, Any] = {
            "profile": {"user_id": "AB1234"},
            "positions": {"net": [HELD, FLAT], "day": []},
            "orders": [{"status": status} for status in ("OPEN", "COMPLETE", "TRIGGER PENDING")],
            "triggers": [{"status": status} for status in ("active", "cancelled", "triggered")],
            "funds": {"enabled": True, "net": 650_000.5},
        } | changes

    def profile(self) -> Any:
        return self.told["profile"]

    def positions(self) -> Any:
        return self.told["positions"]

    def orders(self) -> Any:
        return self.told["orders"]

    def get_gtts(self) -> Any:
        return self.told["triggers"]

    def margins(self, segment: str) -> Any:
        return self.told["funds"] if segment == "equity" else {}


class Turns:
    """A pacer that remembers."""

    def __init__(self) -> None:
        self.taken: list[tuple[Call, Lane]] = []

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        del subject
        self.taken.append((call, lane))

    def hold(self, call: Call) -> None:
        raise AssertionError(call)


def asked(account: Account, turns: Turns | None = None) -> Standing:
    clock = ServerClock(lambda: CAME)
    clock.hear(answered(CAME.replace(microsecond=0) - timedelta(seconds=3)))
    reads = Reads(account, turns or Turns(), asyncio.sleep, Patience(1))  # type: ignore[arg-type]
    return asyncio.run(standing(reads, clock))


def answered(stamped: datetime) -> requests.Response:
    answer = requests.Response()
    answer.headers["Date"] = format_datetime(stamped, usegmt=True)
    return answer


def test_what_is_held_and_what_may_still_become_an_order_are_counted() -> None:
    told = asked(Account())

    assert told == Standing(1, 3, "AB1234", pytest.approx(-3.4), Decimal("650000.5"))


def test_every_question_takes_its_turn() -> None:
    turns = Turns()

    asked(Account(), turns)

    assert turns.taken == [(Call.OTHER, Lane.NORMAL)] * 5


@pytest.mark.parametrize(
    ("list_", "row", "field"),
    [
        ("profile", {}, "user_id"),
        ("positions", {"net": [{**HELD, "quantity": "many"}]}, "quantity"),
        ("orders", [{}], "status"),
        ("triggers", [{"status": None}], "status"),
        ("funds", {"net": "plenty"}, "net"),
    ],
)
def test_what_cannot_be_read_is_not_nothing(list_: str, row: Any, field: str) -> None:
    with pytest.raises(SourceFailed, match=field):
        asked(Account(**{list_: row}))


def test_a_trigger_waits_only_while_it_may_still_become_an_order() -> None:
    over = ("triggered", "disabled", "expired", "cancelled", "rejected", "deleted")

    assert waiting([{"status": status} for status in over]) == 0
    assert waiting([{"status": "active"}]) == 1


def test_of_answers_that_say_behind_and_ahead_the_surest_counts() -> None:
    clock = ServerClock(lambda: CAME)
    for seconds in (-9, -3, 5):
        clock.hear(answered(CAME.replace(microsecond=0) + timedelta(seconds=seconds)))

    assert clock.drift == pytest.approx(-3.4)


def test_a_clock_hears_every_answer_to_a_client_before_anyone_judges_it() -> None:
    client, clock = Client(RestLogin("key")), ServerClock(lambda: CAME)
    before = list(client.reqsession.hooks["response"])

    same = listening(client, clock)

    assert same is client
    assert client.reqsession.hooks["response"] == [clock.hear, *before]
    client.close()
