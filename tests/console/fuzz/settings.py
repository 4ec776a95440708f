"""The desk as on one's own machine, without what would keep a fuzzer out: counts and lock-outs."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from aitrapp.logging import logging_config
from aitrapp.settings.local import *  # noqa: F403
from aitrapp.settings.local import SIMPLE_JWT as _TOKENS

PLACE = Path(os.environ["FUZZ_PLACE"])

SIMPLE_JWT = {**_TOKENS, "ACCESS_TOKEN_LIFETIME": timedelta(hours=2)}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
AXES_ENABLED = False
METRICS_NETWORKS: list[str] = []
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
BARS_FOLDER = PLACE / "day"
BACKTESTS_FOLDER = PLACE / "backtests"
LOGGING = logging_config("ERROR")
