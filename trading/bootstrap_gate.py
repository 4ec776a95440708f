"""The composition root for the gate before LIVE: who looks at the broker, the network, the code.

Nothing here can send an order. It is light enough for the web process: no engine comes with it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import httpx
from django.conf import settings
from django.utils import timezone

from execution.kite.standing import ServerClock, Standing, listening, standing
from marketdata.calendar import IST
from marketdata.dated import FactMissing
from marketdata.kite.client import Client, RestLogin
from marketdata.kite.reads import Patience as ReadPatience
from marketdata.kite.reads import Reads
from marketdata.pacing import LocalPacer, Pacer, Patience, budgets_on
from marketdata.sources import SourceFailed
from trading.code_revision import running_code
from trading.rate_limits import SharedPacer, Timing, connect
from trading.services import broker_login
from trading.services.live_looks import BrokerSeen, LookFailed, Looks

_PATIENCE = Patience(urgent=5.0, normal=5.0)
_TRIES = ReadPatience(tries=2, pause_seconds=0.5)
"""A person waits at a page for what is asked here."""
_EGRESS_SECONDS = 5.0
_LONGEST_ADDRESS = 64


def looks() -> Looks:
    """Return the looks of this desk: its login at Kite, its way out, its code."""
    return Looks(broker=see_broker, egress=see_egress, code=running_code)


def see_broker(at: datetime) -> BrokerSeen:
    """Ask Kite how the desk's account stands. Raises `LookFailed`."""
    try:
        access = broker_login.access(at)
        seen = asyncio.run(
            _standing(RestLogin(access.api_key, access.access_token, settings.KITE_ROOT), at)
        )
    except (broker_login.NoSessionError, SourceFailed, FactMissing) as error:
        raise LookFailed(str(error)) from error
    return BrokerSeen(
        positions=seen.positions,
        orders=seen.orders,
        user_id=seen.user_id,
        clock_drift=seen.clock_drift,
        funds_inr=seen.funds_inr,
    )


async def _standing(login: RestLogin, at: datetime) -> Standing:
    budgets = budgets_on(at.astimezone(IST).date())
    store = connect(settings.REDIS_URL) if settings.REDIS_URL else None
    pacer: Pacer = LocalPacer(budgets, timezone.now, asyncio.sleep, _PATIENCE)
    if store is not None:
        timing = Timing(timezone.now, asyncio.sleep, _PATIENCE)
        pacer = SharedPacer(store, login.api_key, budgets, timing)
    clock = ServerClock(timezone.now)
    client = listening(Client(login), clock)
    try:
        return await standing(Reads(client, pacer, asyncio.sleep, _TRIES), clock)
    finally:
        client.close()
        if store is not None:
            await store.aclose()


def see_egress() -> str:
    """Ask the page of `EGRESS_LOOKUP` from which address it is asked. Raises `LookFailed`."""
    if not settings.EGRESS_LOOKUP:
        raise LookFailed("EGRESS_LOOKUP is not set")
    try:
        with httpx.Client(timeout=_EGRESS_SECONDS, trust_env=False) as client:
            answer = client.get(settings.EGRESS_LOOKUP).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LookFailed(f"egress look-up: {type(error).__name__}") from error
    return answer.text[:_LONGEST_ADDRESS].strip()
