"""Triggers over REST.

What a trigger is and when it fires is `gtt.py`.
"""

from __future__ import annotations

from aiohttp import web

from execution.kitesim.answers import success
from execution.kitesim.backend import backend_of, params_of


async def all_triggers(request: web.Request) -> web.Response:
    """Answer with every trigger."""
    return success(backend_of(request).triggers.all())


async def one_trigger(request: web.Request) -> web.Response:
    """Answer with one trigger."""
    return success(backend_of(request).triggers.one(request.match_info["trigger_id"]))


async def place(request: web.Request) -> web.Response:
    """Set a trigger."""
    params = await params_of(request)
    return success({"trigger_id": backend_of(request).triggers.place(params)})


async def modify(request: web.Request) -> web.Response:
    """Set a trigger anew."""
    triggers, params = backend_of(request).triggers, await params_of(request)
    return success({"trigger_id": triggers.modify(request.match_info["trigger_id"], params)})


async def delete(request: web.Request) -> web.Response:
    """Delete a trigger."""
    triggers = backend_of(request).triggers
    return success({"trigger_id": triggers.delete(request.match_info["trigger_id"])})


def routes() -> list[web.RouteDef]:
    """Return the calls of triggers."""
    return [
        web.get("/gtt/triggers", all_triggers),
        web.post("/gtt/triggers", place),
        web.get("/gtt/triggers/{trigger_id}", one_trigger),
        web.put("/gtt/triggers/{trigger_id}", modify),
        web.delete("/gtt/triggers/{trigger_id}", delete),
    ]
