"""The composition root for logins: which broker's door stands behind the login button.

What stands around an engine is `bootstrap.py`.
"""

from __future__ import annotations

from marketdata.broker_session import AppKeys, LoginDoor
from marketdata.kite.session import KiteLogin


def login_door(keys: AppKeys) -> LoginDoor:
    """Return where people log in at Kite for an app."""
    return KiteLogin(keys)
