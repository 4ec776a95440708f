"""Placing, changing and cancelling orders over REST, the order book and the trade book.

What happens to an order is `books.py`.
"""

from __future__ import annotations

from aiohttp import web

from execution.kitesim.answers import success
from execution.kitesim.backend import backend_of, params_of
from execution.kitesim.order_form import check_variety, parse_change, parse_order


async def place(request: web.Request) -> web.Response:
    """Place an order, in slices where that is asked for."""
    form = parse_order(request.match_info["variety"], await params_of(request))
    books = backend_of(request).books
    if not form.autoslice:
        return success({"order_id": books.place(form).order_id})
    parent, children = books.place_sliced(form)
    return success({"order_id": parent, "children": children})


async def modify(request: web.Request) -> web.Response:
    """Modify an order."""
    change = parse_change(request.match_info["variety"], await params_of(request))
    row = backend_of(request).books.modify(request.match_info["order_id"], change)
    return success({"order_id": row.order_id})


async def cancel(request: web.Request) -> web.Response:
    """Cancel an order."""
    check_variety(request.match_info["variety"])
    row = backend_of(request).books.cancel(request.match_info["order_id"])
    return success({"order_id": row.order_id})


async def orders(request: web.Request) -> web.Response:
    """Answer with the day's orders."""
    return success([row.as_dict() for row in backend_of(request).books.orders()])


async def history(request: web.Request) -> web.Response:
    """Answer with the states an order has been in, oldest first."""
    return success(backend_of(request).books.order(request.match_info["order_id"]).history)


async def trades(request: web.Request) -> web.Response:
    """Answer with the day's trades."""
    rows = backend_of(request).books.orders()
    return success([trade for row in rows for trade in row.trades()])


async def order_trades(request: web.Request) -> web.Response:
    """Answer with the trades of one order."""
    return success(backend_of(request).books.order(request.match_info["order_id"]).trades())


def routes() -> list[web.RouteDef]:
    """Return the calls of orders."""
    return [
        web.get("/orders", orders),
        web.get("/trades", trades),
        web.get("/orders/{order_id}", history),
        web.get("/orders/{order_id}/trades", order_trades),
        web.post("/orders/{variety}", place),
        web.put("/orders/{variety}/{order_id}", modify),
        web.delete("/orders/{variety}/{order_id}", cancel),
    ]
