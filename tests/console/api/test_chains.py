"""Option chains in the API, as the recorder stored them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.conf import settings

from trading.broadcast import state_from_rows
from trading.broadcast_keys import chain_key, state_key
from trading.broadcast_redis import connect

API = "/api/v1/chains"
CHAIN = {"underlying": "NIFTY", "expiry": "2021-04-15", "atm_iv": 0.182, "rows": []}
NAMED = {"underlying": "NIFTY", "expiry": "2021-04-15"}


@pytest.fixture
def told(day) -> Iterator[None]:
    """Put a state with two chains into Redis, one of which stands there too."""
    client = connect(settings.REDIS_URL)
    account = day.account.code
    state = json.loads(json.dumps(state_from_rows(day), default=str))
    state["chains"] = [NAMED, {**NAMED, "expiry": "2021-04-22"}]
    keys = {state_key(account): state, chain_key(account, "NIFTY", "2021-04-15"): CHAIN}
    for key, document in keys.items():
        client.set(key, json.dumps(document))
    yield
    client.delete(*keys)
    client.close()


def test_the_chains_of_the_session_are_listed(viewer, told):
    assert viewer.get(API).json() == [NAMED, {**NAMED, "expiry": "2021-04-22"}]


def test_one_is_told_as_the_page_shows_it(viewer, told):
    answer = viewer.get(f"{API}/NIFTY/2021-04-15")

    assert (answer.status_code, answer.json()) == (200, CHAIN)


@pytest.mark.parametrize("asked", ["NIFTY/2021-04-22", "NIFTY/2021-04-29", "BANKNIFTY/noon"])
def test_one_that_nobody_tells_is_answered_404(viewer, told, asked: str):
    answer = viewer.get(f"{API}/{asked}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_chain")
    assert asked.replace("/", " ") in answer.json()["error"]["message"]


def test_before_the_first_session_there_are_none(viewer):
    assert viewer.get(API).json() == []
    assert viewer.get(f"{API}/NIFTY/2021-04-15").status_code == 404


def test_a_session_without_options_has_none(viewer, day):
    assert viewer.get(API).json() == []
