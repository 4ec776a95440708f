"""Reading the desk's present state for a page: from Redis, or from the rows where that is away.

The state is written elsewhere, by the process that records the journal.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import redis
from django.conf import settings
from django.utils import timezone

from backoffice.live.from_rows import FROM_ROWS, newest_run
from trading import broadcast_keys
from trading.models import Account, OrderEvent, Run, RunState
from trading.services.seed import PAPER_ACCOUNT

_PATIENCE_SECONDS = 1.0
_TELLING = timedelta(seconds=10)
"""How long after a run has begun or ended Redis may still tell of what was before."""
Stops = dict[str, list[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The desk at one moment, as JSON text: `state` is an object, or `null` before the first run.

    `source` says where it was read: `redis` or `rows`.
    """

    state: str
    source: str

    def as_message(self) -> str:
        """Return the message that carries it to a page, with the moment it is sent."""
        sent_at = timezone.now().isoformat()
        return (
            f'{{"type":"snapshot","source":"{self.source}",'
            f'"sent_at":"{sent_at}","state":{self.state}}}'
        )


def watched_account() -> str:
    """Return the code of the account a page shows: the running run's, else the newest run's."""
    runs = Run.objects.select_related("account").order_by("-started_at", "-id")
    run = runs.filter(state=RunState.RUNNING.value).first() or runs.first()
    if run is not None:
        return run.account.code
    account = Account.objects.order_by("id").first()
    return account.code if account else PAPER_ACCOUNT


def snapshot(account: str) -> Snapshot:
    """Return the account's present state; rows stand in where Redis is empty, away or outlived."""
    cached = _read(broadcast_keys.state_key(account))
    if cached is not None and not _is_outlived(account, cached):
        return Snapshot(cached, "redis")
    return Snapshot(FROM_ROWS.told(account), "rows")


def _is_outlived(account: str, text: str) -> bool:
    """Say whether another run has begun, or the one told of as running ended, a while ago."""
    told = (json.loads(text) or {}).get("run", {})
    run = newest_run(account)
    if run is None:
        return False
    is_another = told.get("code") != run.code
    has_ended = told.get("state") == RunState.RUNNING.value and run.ended_at is not None
    since = run.ended_at or run.started_at
    return (is_another or has_ended) and timezone.now() - since > _TELLING


def bars(account: str, instrument: str) -> str:
    """Return the day's 1-minute bars so far as JSON: `[[epoch_s, o, h, l, c, volume], …]`.

    An empty list where none are known or Redis is away.
    """
    return _read(broadcast_keys.bars_key(account, instrument)) or "[]"


def chain(account: str, underlying: str, expiry: str) -> str:
    """Return an option chain as the recorder last told it, as JSON; `expiry` as `2026-10-13`.

    An empty object where none is known or Redis is away.
    """
    return _read(broadcast_keys.chain_key(account, underlying, expiry)) or "{}"


def stops(account: str, instrument: str) -> Stops:
    """Return where the stops of an instrument rested in the newest run, by plan, oldest first.

    Each is (epoch seconds, price); an entry is there only where the price moved.
    """
    run = newest_run(account)
    exchange, _, symbol = instrument.partition(":")
    events = OrderEvent.objects.filter(
        run=run,
        order__role="STOP",
        order__instrument__exchange=exchange,
        order__instrument__symbol=symbol,
        trigger_price__isnull=False,
    ).order_by("seq")
    found: Stops = {}
    for plan, at, price in events.values_list("order__plan__code", "at", "trigger_price"):
        moves = found.setdefault(plan or "", [])
        if not moves or moves[-1][1] != float(price):
            moves.append((at.timestamp(), float(price)))
    return found


def _read(key: str) -> str | None:
    """Return the text under a key, or None where there is none or nobody to ask."""
    if not settings.REDIS_URL:
        return None
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_PATIENCE_SECONDS,
            socket_connect_timeout=_PATIENCE_SECONDS,
            decode_responses=True,
        ) as client:
            value = client.get(key)
    except (redis.RedisError, OSError):
        return None
    return None if value is None else str(value)
