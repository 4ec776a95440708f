"""Whose address a request came from, believing only proxies that are ours.

`settings.TRUSTED_PROXIES` lists them as networks; without any, the peer's address counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
_NOBODY = "0.0.0.0"


def client_address(request: HttpRequest) -> str:
    """Return the address the request came from, the last one that no trusted proxy vouches for.

    Where the peer is unknown (a local socket), 0.0.0.0.
    """
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return nearest_untrusted(
        request.META.get("REMOTE_ADDR", ""), hops, tuple(settings.TRUSTED_PROXIES)
    )


def nearest_untrusted(peer: str, hops: Sequence[str], trusted: Sequence[str]) -> str:
    """Return the first address, from the peer backwards, that is not in a trusted network.

    `hops`: as forwarded, oldest first. An unreadable hop ends the search at the proxy that told it.
    """
    networks = [ip_network(network, strict=False) for network in trusted]
    found = _address(peer)
    if found is None:
        return _NOBODY
    for hop in reversed(hops):
        if not any(found in network for network in networks):
            break
        before = _address(hop)
        if before is None:
            break
        found = before
    return str(found)


def is_in(address: str, networks: Sequence[str]) -> bool:
    """Say whether an address lies in one of the networks."""
    found = ip_address(address)
    return any(found in ip_network(network, strict=False) for network in networks)


def neighbourhood(address: str) -> str:
    """Return what is limited together: one IPv4 address, or the /64 network of an IPv6 one."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found), 64), strict=False))
    return address


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped
    return found
