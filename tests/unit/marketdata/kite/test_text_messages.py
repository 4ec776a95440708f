from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.kite.news import Notice, OrderMessage
from marketdata.kite.text_messages import read_text
from tests.kite_frames import at

NOW = at(9, 15)


def test_an_order_comes_out_in_kites_own_fields():
    order = {"order_id": "171229000724687", "status": "COMPLETE", "filled_quantity": 75}

    said = read_text(json.dumps({"type": "order", "data": order}).encode(), NOW)

    assert said == OrderMessage(NOW, order)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"type":"error","data":"bad  \\n token"}', "error: bad token"),
        (b'{"type":"message","data":{"text":"hello"}}', 'message: {"text":"hello"}'),
        (b'{"type":"order","data":"odd"}', "order: odd"),
        (b'{"data":1}', "None: 1"),
        (b"[1]", "text message: 3 bytes, expected an object with `type`"),
        (b'{"type":', "text message: 8 bytes, expected JSON"),
        (b"\xff\xfe", "text message: 2 bytes, expected JSON"),
    ],
)
def test_everything_else_is_a_notice(text, said):
    assert read_text(text, NOW) == Notice(NOW, said)


def test_a_long_message_is_cut():
    text = json.dumps({"type": "message", "data": "x" * 10_000}).encode()

    assert len(read_text(text, NOW).text) < 350


def test_a_text_nested_without_end_is_a_notice():
    assert isinstance(read_text(b"[" * 200_000, NOW), Notice)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(text):
    assert isinstance(read_text(text, NOW), Notice | OrderMessage)
