from __future__ import annotations

import pytest

from backoffice.addresses import is_in, nearest_untrusted, neighbourhood

PROXY = ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("peer", "hops", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6", " 1.2.3.4 ", "10.0.0.2"], "1.2.3.4"),
        ("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["1.2.3.4", "unknown"], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4:5555"], "10.0.0.1"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("", ["1.2.3.4"], "0.0.0.0"),
        ("/run/web.sock", ["1.2.3.4"], "0.0.0.0"),
    ],
)
def test_the_last_address_no_trusted_proxy_vouches_for_is_the_client_s(peer, hops, address):
    assert nearest_untrusted(peer, hops, PROXY) == address


def test_without_trusted_proxies_the_peer_is_the_client():
    assert nearest_untrusted("10.0.0.1", ["1.2.3.4"], ()) == "10.0.0.1"


def test_neighbours_of_ipv6_are_counted_together_those_of_ipv4_are_not():
    assert neighbourhood("2001:db8:1:2:3::4") == neighbourhood("2001:db8:1:2:ffff::1")
    assert neighbourhood("2001:db8:1:2::1") != neighbourhood("2001:db8:1:3::1")
    assert neighbourhood("1.2.3.4") != neighbourhood("1.2.3.5")


def test_an_address_is_in_a_network_or_not():
    assert is_in("127.0.0.1", ["127.0.0.1/32", "::1/128"])
    assert not is_in("127.0.0.2", ["127.0.0.1/32", "::1/128"])
    assert not is_in("1.2.3.4", [])
