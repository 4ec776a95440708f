"""The state from rows: made once for all pages, and anew after some seconds."""

from __future__ import annotations

import json

import pytest

from backoffice.live.from_rows import KEPT_SECONDS, FromRows
from tests.factories import AccountFactory, RunFactory
from trading.models import Account

pytestmark = pytest.mark.django_db


class Hand:
    """A clock that stands where it is put."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


class Steps(Hand):
    """A clock that has gone on by so many seconds whenever it is looked at."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        self.at += self.seconds
        return self.at


def code_of(text: str) -> str:
    return str(json.loads(text)["run"]["code"])


@pytest.fixture
def account() -> Account:
    return AccountFactory(code="paper")


def begin(account: Account, code: str) -> None:
    RunFactory(
        account=account,
        code=code,
        state="FINISHED",
        ended_at="2021-04-09T10:00:00Z",
        config_version__document=json.dumps({"capital_inr": 1_000_000, "note": code}),
    )


def test_the_newest_run_is_told_and_nothing_before_the_first(account: Account):
    clock = Hand()
    told = FromRows(clock)

    assert told.told("paper") == "null"
    begin(account, "FIRST")
    clock.at += KEPT_SECONDS + 0.1
    assert code_of(told.told("paper")) == "FIRST"


def test_what_was_made_is_kept_for_some_seconds_and_then_made_anew(account: Account):
    clock = Hand()
    told = FromRows(clock)
    begin(account, "FIRST")
    told.told("paper")
    begin(account, "SECOND")

    clock.at += KEPT_SECONDS
    assert code_of(told.told("paper")) == "FIRST"
    clock.at += 0.1
    assert code_of(told.told("paper")) == "SECOND"


def test_accounts_are_told_apart(account: Account):
    told = FromRows(Hand())
    begin(account, "OURS")

    assert told.told("another") == "null"
    assert code_of(told.told("paper")) == "OURS"


def test_what_takes_long_to_make_is_kept_for_longer(account: Account):
    clock = Steps(8.0)
    told = FromRows(clock)
    begin(account, "FIRST")
    told.told("paper")
    begin(account, "SECOND")

    assert code_of(told.told("paper")) == "FIRST"
    assert code_of(told.told("paper")) == "SECOND"
