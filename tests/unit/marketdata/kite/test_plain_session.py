from __future__ import annotations

import io
from collections.abc import Mapping

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from marketdata.kite.plain_session import PlainSession

HEADERS = {"X-Kite-Version": "3", "User-Agent": "client", "Authorization": "token key:secret"}
URL = "https://api.kite.trade/orders/regular/250101000001"
NAMES = st.sampled_from(("quantity", "price", "tag", "tradingsymbol", "a name"))


class Recorder(BaseAdapter):
    """Answers every request and remembers it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[requests.PreparedRequest, Mapping[str, object]]] = []

    def send(self, request: requests.PreparedRequest, **how: object) -> requests.Response:
        self.heard.append((request, how))
        answer = requests.Response()
        answer.status_code, answer.raw, answer.url = 200, io.BytesIO(b"{}"), str(request.url)
        return answer

    def close(self) -> None:
        self.heard.clear()


def recorded(session: requests.Session) -> Recorder:
    recorder = Recorder()
    session.mount("https://", recorder)
    return recorder


def as_the_library(method: str, url: str, **call: object) -> requests.PreparedRequest:
    with PlainSession(1) as session:
        recorder = recorded(session)
        requests.Session.request(session, method, url, headers=HEADERS, **call)
        return recorder.heard[0][0]


def as_sent(method: str, url: str, **call: object) -> requests.PreparedRequest:
    with PlainSession(1) as session:
        recorder = recorded(session)
        session.request(method, url, headers=HEADERS, **call)
        return recorder.heard[0][0]


def told(asked: requests.PreparedRequest) -> tuple[object, ...]:
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body
    return asked.method, asked.url, body, dict(asked.headers)


@given(form=st.dictionaries(NAMES, st.text(max_size=8)), method=st.sampled_from(("POST", "PUT")))
def test_a_form_leaves_as_the_library_would_have_prepared_it(form, method):
    assert told(as_sent(method, URL, data=form)) == told(as_the_library(method, URL, data=form))


NEARLY_PLAIN = st.text("ab1_.-&=+ é", max_size=6)


@given(form=st.dictionaries(NEARLY_PLAIN, NEARLY_PLAIN, min_size=1, max_size=3))
def test_what_stands_in_a_form_never_reads_as_more_of_it(form):
    assert told(as_sent("POST", URL, data=form)) == told(as_the_library("POST", URL, data=form))


WORDS = st.text("abcXYZ019_.-", min_size=1, max_size=6)
SAID = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(
    query=st.none() | st.dictionaries(WORDS, st.none() | WORDS, max_size=3),
    method=st.sampled_from(("GET", "DELETE")),
)
def test_a_question_in_plain_words_leaves_as_the_library_would_have_prepared_it(query, method):
    call = {"params": query}

    assert told(as_sent(method, URL, **call)) == told(as_the_library(method, URL, **call))


@given(said=SAID, query=st.none() | st.dictionaries(WORDS, st.none() | WORDS, max_size=2))
def test_what_is_said_in_json_leaves_as_the_library_would_have_prepared_it(said, query):
    call = {"json": said, "params": query}

    assert told(as_sent("POST", URL, **call)) == told(as_the_library("POST", URL, **call))


def test_a_number_that_json_cannot_tell_is_refused_as_the_library_does():
    with pytest.raises(requests.exceptions.InvalidJSONError):
        as_sent("POST", URL, json=[{"price": float("nan")}])


@pytest.mark.parametrize(
    ("method", "url", "call"),
    [
        ("GET", URL, {"params": {"i": ["NSE:INFY", "NSE:TCS"]}}),
        ("DELETE", URL, {"params": {"parent_order_id": None}}),
        ("DELETE", URL, {"params": {"parent_order_id": "1/2"}}),
        ("DELETE", URL, {"data": {"quantity": "5"}}),
        ("GET", URL, {"params": {"from": "2026-01-05 09:15:00"}}),
        ("GET", URL, {"params": {5: "five"}}),
        ("GET", URL, {"params": "plain"}),
        ("POST", URL, {}),
        ("POST", URL, {"data": "plain"}),
        ("PUT", URL, {"data": {"quantity": 5, "price": None}}),
        ("PUT", URL, {"data": {"quantity": "5"}, "params": {"a": "b"}}),
        ("PUT", "https://API.kite.trade/a b/../c?d=e", {"data": {"quantity": "5"}}),
    ],
)
def test_everything_else_is_prepared_by_the_library(method, url, call):
    assert told(as_sent(method, url, **call)) == told(as_the_library(method, url, **call))


def test_a_form_is_sent_with_the_same_patience_and_its_answer_is_heard():
    heard: list[str] = []
    with PlainSession(1) as session:
        recorder = recorded(session)
        session.hooks["response"] = [lambda answer, **_: heard.append(answer.url)]

        session.request("PUT", URL, data={"quantity": "5"}, timeout=(3.0, 7.0), verify=True)

        (_, how), *_ = recorder.heard
    assert heard == [URL]
    assert how["timeout"] == (3.0, 7.0)
    assert how["verify"] is True
    assert how["stream"] is False
    assert how["cert"] is None


def test_a_form_goes_through_the_proxy_that_is_asked_for():
    with PlainSession(1) as session:
        recorder = recorded(session)

        session.request("PUT", URL, data={"quantity": "5"}, proxies={"https": "http://gate:1"})

        (_, how), *_ = recorder.heard
    assert how["proxies"] == {"https": "http://gate:1"}
