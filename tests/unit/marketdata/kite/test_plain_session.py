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


@pytest.mark.parametrize(
    ("method", "url", "call"),
    [
        ("GET", URL, {"params": {"i": ["NSE:INFY", "NSE:TCS"]}}),
        ("DELETE", URL, {"params": {"parent_order_id": None}}),
        ("POST", "https://api.kite.trade/margins/basket", {"json": [{"price": 1.5}]}),
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
