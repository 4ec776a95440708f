"""The REST side of kitesim as one application: every route behind the gateway.

Control endpoints for tests stand beside it, `control.py`.
"""

from __future__ import annotations

from aiohttp import web

from execution.kitesim import (
    rest_gtt,
    rest_margins,
    rest_market,
    rest_orders,
    rest_portfolio,
    rest_session,
    rest_user,
)
from execution.kitesim.backend import BACKEND, Backend
from execution.kitesim.gateway import gateway

_ROUTES = (
    rest_session.routes,
    rest_user.routes,
    rest_orders.routes,
    rest_portfolio.routes,
    rest_market.routes,
    rest_margins.routes,
    rest_gtt.routes,
)
_MOST_BYTES = 1 << 20


def rest_app(backend: Backend) -> web.Application:
    """Return the application that answers Kite's calls."""
    app = web.Application(middlewares=[gateway], client_max_size=_MOST_BYTES)
    app[BACKEND] = backend
    for routes in _ROUTES:
        app.add_routes(routes())
    return app
