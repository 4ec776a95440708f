from __future__ import annotations

import asyncio

import pytest

from marketdata.kite.access import Access, SocketLogin

LOGIN = SocketLogin("wss://ws.kite.trade", "the key", "to/ken&1")


def test_the_address_holds_key_and_token_encoded():
    assert LOGIN.url() == "wss://ws.kite.trade/?api_key=the+key&access_token=to%2Fken%261"


def test_neither_key_nor_token_shows_in_its_text():
    assert repr(LOGIN) == str(LOGIN) == "SocketLogin(root='wss://ws.kite.trade')"


def test_a_text_that_holds_them_has_them_blotted_out():
    assert LOGIN.hidden("bad to/ken&1 for the key") == "bad … for …"
    assert SocketLogin("ws://localhost", "", "").hidden("text") == "text"


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="root"):
        SocketLogin("https://kite.trade", "k", "t")


async def test_a_refused_login_is_waited_for_until_it_is_renewed():
    access, other = Access(LOGIN), SocketLogin("wss://ws.kite.trade", "k", "t")
    assert await access.granted() is LOGIN

    assert access.refuse(LOGIN)
    waiting = asyncio.ensure_future(access.granted())
    await asyncio.sleep(0)

    assert access.is_refused
    assert not waiting.done()
    access.renew(other)
    assert await waiting is other


def test_a_refusal_is_news_once_and_only_of_the_login_in_use():
    access, old = Access(LOGIN), SocketLogin("wss://ws.kite.trade", "k", "old")

    assert not access.refuse(old)
    assert access.refuse(LOGIN)
    assert not access.refuse(LOGIN)
