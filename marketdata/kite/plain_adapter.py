"""Where the calls of one session leave: an adapter that finds the connections of a host once.

What leaves is prepared in `plain_session.py`; connections are opened, checked and kept by the
library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool


class PlainAdapter(HTTPAdapter):
    """An adapter that needs to look for no proxy and for no pool where it has done so before."""

    def __init__(self, connections: int) -> None:
        """Keep so many connections to a host."""
        super().__init__(pool_maxsize=connections)
        self._pools: dict[tuple[str, bool | str | None], HTTPConnectionPool] = {}

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> HTTPConnectionPool:
        """Return the connections to a request's host, the same ones until `close`.

        Through a proxy, or with a certificate of our own, as the library finds them.
        """
        if proxies or cert:
            return self._found(request, verify, proxies, cert)
        place = (_origin(request), verify)
        pool = self._pools.get(place)
        if pool is None:
            pool = self._pools[place] = self._found(request, verify, proxies, cert)
        return pool

    def _found(self, *asked: Any) -> HTTPConnectionPool:
        return super().get_connection_with_tls_context(*asked)

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what the first line of a request asks for."""
        url = request.path_url
        return super().request_url(request, proxies) if proxies or url.startswith("//") else url

    def close(self) -> None:
        """Give the idle connections back."""
        self._pools.clear()
        super().close()


def _origin(request: requests.PreparedRequest) -> str:
    """Return a prepared address up to its path, which it always has."""
    url = request.url or ""
    return url[: url.index("/", url.index("//") + 2)]
