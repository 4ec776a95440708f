"""The test run: importable with nothing set, `.env` ignored, cheap passwords, quiet log.

A test that asks for the database needs DATABASE_URL; `make test` starts the servers for it.
"""

from __future__ import annotations

from aitrapp.env import caches, channel_layers, database, read_environment
from aitrapp.logging import logging_config
from aitrapp.settings.base import *  # noqa: F403

_env = read_environment(None)

DEBUG = False
SECRET_KEY = "known to everybody, and good for tests only"
ALLOWED_HOSTS = ["testserver", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TRUSTED_PROXIES: list[str] = []
AXES_ENABLED = False
DATABASES = {"default": database(_env.database_url)}
REDIS_URL = _env.redis_url
CELERY_BROKER_URL = REDIS_URL
CACHES = caches(REDIS_URL)
CHANNEL_LAYERS = channel_layers(REDIS_URL)
INSTRUMENT_DUMP = None
BAN_LIST = None
ALERT_CHANNELS: dict[str, dict[str, str]] = {}
KITE_API_KEY = ""
KITE_API_SECRET = ""
KITE_ROOT = _env.kite_root
KITE_WS_ROOT = _env.kite_ws_root
KITE_LOGIN_ROOT = _env.kite_login_root
TOKEN_KEY = "a25vd24gdG8gZXZlcnlib2R5LCBmb3IgdGVzdHMgb24="
LIVE_TRADING = False
KITE_CLIENTS: list[str] = []
EGRESS_ADDRESS = ""
EGRESS_LOOKUP = ""
ALGO_ID = ""
DEAD_MAN_SECONDS = 60.0
DEAD_MAN_BEYOND_PERCENT = _env.dead_man_beyond_percent
DEAD_MAN_LOOKS = _env.dead_man_looks
LOGGING = logging_config("WARNING")
