from __future__ import annotations

import json

import pytest
from kiteconnect import exceptions as kite

from marketdata.kite.answers import UnreadableAnswer, check_answer, check_data, clean
from marketdata.kite.client import Client, RestLogin


def envelope(**parts: object) -> bytes:
    return json.dumps(parts).encode()


def test_a_whole_success_passes() -> None:
    check_answer(200, "application/json", envelope(status="success", data=[]), hidden="")
    check_answer(200, "text/csv; charset=utf-8", b"a,b", hidden="")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("TokenException", kite.TokenException),
        ("MarginException", kite.GeneralException),
        ("Nameless", kite.GeneralException),
    ],
)
def test_an_error_keeps_its_class_code_and_text(kind: str, error: type[Exception]) -> None:
    body = envelope(status="error", message="It is\nso.", error_type=kind, data=None)

    with pytest.raises(error, match=r"It is so\.") as raised:
        check_answer(418, "application/json", body, hidden="")

    assert getattr(raised.value, "code", None) == 418


def test_an_error_that_repeats_the_token_is_blotted_out() -> None:
    body = envelope(status="error", message="bad sesame!", error_type="InputException")

    with pytest.raises(kite.InputException, match="bad …!"):
        check_answer(400, "application/json", body, hidden="sesame")


def test_what_an_unreadable_answer_says_is_not_repeated() -> None:
    with pytest.raises(UnreadableAnswer) as raised:
        check_answer(502, "text/html", b"<p>secret</p>", hidden="")

    assert str(raised.value) == "unreadable answer with HTTP 502: neither JSON nor a CSV file"


@pytest.mark.parametrize(
    ("route", "data"),
    [
        ("orders", {}),
        ("orders", [1]),
        ("trades", None),
        ("portfolio.positions", []),
        ("portfolio.positions", {"net": [None]}),
        ("order.place", None),
        ("order.cancel", {"order_id": "2"}),
    ],
)
def test_data_of_another_shape_is_unreadable(route: str, data: object) -> None:
    with pytest.raises(UnreadableAnswer):
        check_data(route, data, {"order_id": "1"})


def test_texts_are_made_short_and_printable() -> None:
    assert clean("a\x00b\n\n c" + "d" * 400, hidden="") == ("a b c" + "d" * 400)[:300]


def test_a_client_tells_neither_key_nor_token() -> None:
    login = RestLogin("key123", "sesame")

    assert "sesame" not in f"{login!r} {Client(login)!r}"


@pytest.mark.parametrize(
    ("key", "token", "named"), [("", "", "api_key"), ("k\n", "", "api_key"), ("k", "ö", "token")]
)
def test_a_login_that_no_header_can_carry_is_refused_without_repeating_it(
    key: str, token: str, named: str
) -> None:
    with pytest.raises(ValueError, match=named) as raised:
        RestLogin(key, token)

    assert "ö" not in str(raised.value)
