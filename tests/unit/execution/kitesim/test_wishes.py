from __future__ import annotations

import json

import numpy as np
import pytest

from execution.kitesim.wishes import Wish, WishError, apply_wish, read_wish
from marketdata.kite.layout import Mode


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ('{"a":"subscribe","v":[408065,256265]}', Wish("subscribe", (408065, 256265))),
        ('{"a":"unsubscribe","v":[]}', Wish("unsubscribe", ())),
        ('{"a":"mode","v":["full",[1]]}', Wish("mode", (1,), Mode.FULL)),
    ],
)
def test_a_message_is_read(text, wish):
    assert read_wish(text) == wish


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        "{",
        "[]",
        '"subscribe"',
        '{"a":"subscribe"}',
        '{"a":"subscribe","v":5}',
        '{"a":"subscribe","v":["408065"]}',
        '{"a":"subscribe","v":[true]}',
        '{"a":"subscribe","v":[-1]}',
        '{"a":"subscribe","v":[4294967296]}',
        '{"a":"mode","v":["depth",[1]]}',
        '{"a":"mode","v":["full",1]}',
        '{"a":"mode","v":[["full"],[1]]}',
        '{"a":"mode","v":{}}',
        '{"a":"order","v":[1]}',
        json.dumps({"a": ["subscribe"], "v": [1]}),
    ],
)
def test_a_message_that_says_nothing_is_refused(text):
    with pytest.raises(WishError):
        read_wish(text)


def applied(wish, ranks, rows, most=3):
    held = np.array(ranks, np.int8)
    told = apply_wish(wish, np.array(rows), held, most)
    return held.tolist(), told.tolist()


def test_a_subscription_is_in_quote_mode_and_told_once():
    assert applied(Wish("subscribe", ()), [0, 0, 0], [2, 0, 2]) == ([2, 0, 2], [0, 2])


def test_subscribing_again_keeps_the_mode():
    assert applied(Wish("subscribe", ()), [3, 0], [0, 1]) == ([3, 2], [1])


def test_a_mode_changes_what_is_subscribed_only():
    assert applied(Wish("mode", (), Mode.LTP), [2, 0], [0, 1]) == ([1, 0], [0])


def test_unsubscribing_ends_it():
    assert applied(Wish("unsubscribe", ()), [2, 3], [0]) == ([0, 3], [])


def test_unknown_tokens_are_passed_over():
    assert applied(Wish("subscribe", ()), [0, 0], [-1, 1, -1]) == ([0, 2], [1])


def test_more_than_the_limit_is_refused_whole():
    ranks = np.array([2, 2, 0, 0], np.int8)

    with pytest.raises(WishError, match="At most 3"):
        apply_wish(Wish("subscribe", ()), np.array([2, 3]), ranks, 3)

    assert ranks.tolist() == [2, 2, 0, 0]
    assert apply_wish(Wish("subscribe", ()), np.array([0, 1, 2]), ranks, 3).tolist() == [2]
