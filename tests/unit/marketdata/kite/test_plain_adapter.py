from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from requests.adapters import HTTPAdapter

from marketdata.kite.plain_adapter import PlainAdapter

URL = "https://api.kite.trade/orders/regular"


@pytest.fixture
def adapter() -> Iterator[PlainAdapter]:
    made = PlainAdapter(1)
    yield made
    made.close()


def asked(url: str = URL, **call: object) -> requests.PreparedRequest:
    return requests.Request("PUT", url, **call).prepare()


def test_a_host_has_the_same_connections_at_every_path(adapter: PlainAdapter):
    first = adapter.get_connection_with_tls_context(asked(), True)

    assert adapter.get_connection_with_tls_context(asked(f"{URL}/1?a=b"), True) is first


def test_the_connections_are_those_that_the_library_finds(adapter: PlainAdapter):
    theirs = HTTPAdapter(pool_maxsize=1)

    found = adapter.get_connection_with_tls_context(asked(), True)
    expected = theirs.get_connection_with_tls_context(asked(), True)

    assert (found.scheme, found.host, found.port) == ("https", "api.kite.trade", 443)
    assert found.cert_reqs == expected.cert_reqs == "CERT_REQUIRED"
    assert found.conn_kw == expected.conn_kw
    theirs.close()


def test_another_host_another_scheme_and_another_trust_have_others(adapter: PlainAdapter):
    found = [
        adapter.get_connection_with_tls_context(asked(url), trust)
        for url, trust in (
            (URL, True),
            (URL, False),
            ("http://api.kite.trade/", True),
            ("https://api.kite.trade:8443/", True),
            ("https://kite.example/", True),
        )
    ]

    assert len(set(map(id, found))) == len(found)


def test_a_proxy_is_asked_for_as_the_library_does(adapter: PlainAdapter):
    straight = adapter.get_connection_with_tls_context(asked(), True)

    through = adapter.get_connection_with_tls_context(asked(), True, {"https": "http://gate:1"})

    assert straight.proxy is None
    assert through.proxy is not None
    assert through.proxy.host == "gate"


def test_after_it_was_closed_its_connections_are_found_anew(adapter: PlainAdapter):
    first = adapter.get_connection_with_tls_context(asked(), True)

    adapter.close()

    assert adapter.get_connection_with_tls_context(asked(), True) is not first


@pytest.mark.parametrize(
    "url", [URL, f"{URL}?a=b", "https://api.kite.trade", "https://api.kite.trade//twice//over"]
)
@pytest.mark.parametrize("proxies", [{}, {"http": "http://gate:1"}, {"https": "http://gate:1"}])
def test_the_first_line_asks_for_what_the_library_would(
    adapter: PlainAdapter, url: str, proxies: dict[str, str]
):
    theirs = HTTPAdapter()

    assert adapter.request_url(asked(url), proxies) == theirs.request_url(asked(url), proxies)
    theirs.close()
