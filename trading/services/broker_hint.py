"""What Kite posts about an order: proven to be Kite's, taken once, and believed in nothing.

It only tells the engine that the broker's book is worth reading now.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis import RedisError

from trading.services.nudge import LOOK, nudge_engine

LONGEST = 16_384
"""The most bytes a postback may have."""
_REMEMBERED_SECONDS = 86_400
_log = logging.getLogger(__name__)


class HintRefused(Exception):
    """A postback that isn't one, or not Kite's; the text says what is wrong, not what was sent."""


def take(body: bytes) -> bool:
    """Take a postback in and wake the engine; say whether it was new.

    Raises `HintRefused`.
    """
    hint = _parsed(body)
    order_id, told_at = _text(hint, "order_id"), _text(hint, "order_timestamp")
    if not is_genuine(order_id, told_at, _text(hint, "checksum"), settings.KITE_API_SECRET):
        raise HintRefused("checksum: does not prove this")
    filled = hint.get("filled_quantity")
    seen = f"{order_id}:{_text(hint, 'status')}:{filled if isinstance(filled, int) else ''}"
    if not _is_new(hashlib.sha256(seen.encode()).hexdigest()):
        return False
    nudge_engine(LOOK)
    return True


def is_genuine(order_id: str, told_at: str, checksum: str, api_secret: str) -> bool:
    """Say whether a checksum was made by who holds the app's secret; takes as long either way."""
    if not api_secret:
        return False
    expected = hashlib.sha256(f"{order_id}{told_at}{api_secret}".encode()).hexdigest()
    return hmac.compare_digest(expected.encode(), checksum.encode())


def _parsed(body: bytes) -> dict[str, Any]:
    if len(body) > LONGEST:
        raise HintRefused(f"body: expected at most {LONGEST} bytes")
    try:
        hint = json.loads(body.decode())
    except (ValueError, RecursionError):
        hint = None
    if not isinstance(hint, dict):
        raise HintRefused("body: expected a JSON object")
    return hint


def _text(hint: dict[str, Any], name: str) -> str:
    value = hint.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        raise HintRefused(f"{name}: expected a text")
    return value


def _is_new(seen: str) -> bool:
    """Remember a postback; with Redis away each is new, which costs one reading of the book."""
    try:
        return bool(cache.add(f"postback:{seen}", 1, timeout=_REMEMBERED_SECONDS))
    except (RedisError, OSError) as error:
        _log.warning("postbacks are not remembered: %s", type(error).__name__)
        return True
