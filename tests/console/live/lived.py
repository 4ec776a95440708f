"""What LIVE wants of a console: a broker and a network that answer, a login, a second factor."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.contrib.auth.models import User
from django.utils import timezone

from backoffice import second_factors
from tests.contracts.kite.scripted_kite import ScriptedKite, raw, scripted_kite, success
from trading.models import BrokerSession

ADDRESS = "203.0.113.7"
PERIOD = timedelta(seconds=second_factors.PERIOD_SECONDS)


@contextmanager
def answering_world(settings) -> Iterator[ScriptedKite]:
    """Serve a broker with an empty book, and tell the desk of it; nobody is open to LIVE else."""
    with scripted_kite() as server:
        settings.LIVE_TRADING, settings.KITE_CLIENTS = True, ["AB1234"]
        settings.KITE_API_KEY, settings.KITE_API_SECRET = "appkey", "appsecret"
        settings.KITE_ROOT = server.root
        settings.EGRESS_ADDRESS, settings.EGRESS_LOOKUP = ADDRESS, f"{server.root}/address"
        server.will("GET /user/profile", success({"user_id": "AB1234"}))
        server.will("GET /portfolio/positions", success({"net": [], "day": []}))
        server.will("GET /orders", success([]))
        server.will("GET /gtt/triggers", success([]))
        server.will("GET /user/margins/equity", success({"enabled": True, "net": 1_250_000.0}))
        server.will("GET /address", raw(200, f"{ADDRESS}\n".encode(), "text/plain"))
        _log_in(settings)
        yield server


def _log_in(settings) -> None:
    now = timezone.now()
    BrokerSession.objects.create(
        api_key="appkey",
        user_id="AB1234",
        token=Fernet(settings.TOKEN_KEY).encrypt(b"accesstoken").decode(),
        by="tests",
        logged_in_at=now - timedelta(minutes=20),
        expires_at=now + timedelta(hours=8),
    )


def code_of(secret: str, at: datetime) -> str:
    """Return the code an authenticator app shows at a moment."""
    key = base64.b32decode(secret)
    totp = TOTP(key, second_factors.DIGITS, SHA1(), second_factors.PERIOD_SECONDS)
    return totp.generate(int(at.timestamp())).decode()


def enrolled(user: User) -> str:
    """Give a person a second factor, confirmed by a code of some time ago; return its secret."""
    before = timezone.now() - 4 * PERIOD
    secret = second_factors.begin(user, before).secret
    second_factors.confirm(user, code_of(secret, before), before)
    return secret
