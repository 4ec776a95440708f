from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.kite.layout import Mode
from marketdata.kite.subscriptions import SocketLimits, TooManyInstruments, changes, spread

SMALL = SocketLimits(connections=3, instruments_per_connection=4, tokens_per_command=2)
WANTS = st.dictionaries(st.integers(1, 30), st.sampled_from(Mode), max_size=12)


class Server:
    """What Kite has been told: a bare subscription gives quote."""

    def __init__(self) -> None:
        self.modes: dict[int, Mode] = {}
        self.most = 0

    def take(self, text: str) -> None:
        told = json.loads(text)
        match told["a"]:
            case "subscribe":
                for token in told["v"]:
                    self.modes.setdefault(token, Mode.QUOTE)
            case "unsubscribe":
                for token in told["v"]:
                    del self.modes[token]
            case "mode":
                mode, tokens = told["v"]
                assert set(tokens) <= set(self.modes)
                self.modes.update(dict.fromkeys(tokens, Mode(mode)))
        self.most = max(self.most, len(self.modes))


@given(have=WANTS, want=WANTS)
def test_the_commands_lead_the_server_from_any_state_to_any_other(have, want):
    server, noted = Server(), {}
    for target in (have, want):
        for change in changes(dict(noted), target, SMALL):
            assert len(change.tokens) <= 2
            server.take(change.text)
            change.apply(noted)
            assert noted == server.modes

    assert server.modes == want


def test_nothing_is_said_when_nothing_changes():
    assert list(changes({5: Mode.FULL}, {5: Mode.FULL}, SMALL)) == []


def test_what_is_to_go_goes_before_anything_comes():
    have = dict.fromkeys(range(4), Mode.QUOTE)
    want = dict.fromkeys(range(4, 8), Mode.QUOTE)

    commands = [json.loads(change.text) for change in changes(have, want, SMALL)]

    assert [command["a"] for command in commands] == ["unsubscribe"] * 2 + ["subscribe"] * 2


def test_each_batch_is_in_its_mode_before_the_next_is_subscribed():
    commands = [
        json.loads(change.text)
        for change in changes({}, dict.fromkeys((1, 2, 3), Mode.FULL), SMALL)
    ]

    assert commands == [
        {"a": "subscribe", "v": [1, 2]},
        {"a": "mode", "v": ["full", [1, 2]]},
        {"a": "subscribe", "v": [3]},
        {"a": "mode", "v": ["full", [3]]},
    ]


@given(first=WANTS, second=WANTS)
def test_tokens_are_spread_once_each_within_the_limits_over_as_few_as_needed(first, second):
    parts = spread(second, spread(first, [], SMALL), SMALL)

    assert {token: mode for part in parts for token, mode in part.items()} == second
    assert sum(map(len, parts)) == len(second)
    assert max(map(len, parts)) <= 4
    assert len(parts) == max(1, -(-len(second) // 4))


def test_a_token_stays_where_it_is():
    placed = [{1: Mode.FULL, 2: Mode.FULL}, {3: Mode.FULL}]

    parts = spread(dict.fromkeys((5, 3, 4, 2, 1), Mode.LTP), placed, SMALL)

    assert parts == (dict.fromkeys((1, 2, 5, 4), Mode.LTP), {3: Mode.LTP})


def test_more_than_all_connections_carry_is_refused_with_the_limit():
    with pytest.raises(TooManyInstruments, match="13, expected at most 12"):
        spread(dict.fromkeys(range(13), Mode.LTP), [], SMALL)


@pytest.mark.parametrize(
    "name", ["connections", "instruments_per_connection", "tokens_per_command"]
)
def test_a_limit_of_nothing_is_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        SocketLimits(**{name: 0})
