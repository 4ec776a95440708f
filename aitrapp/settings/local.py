"""One person's machine: servers from the supervisor or `.env`, this checkout's own secret key.

Not for a machine that others can reach; that is `production.py`.
"""

from __future__ import annotations

from aitrapp.env import (
    ROOT,
    alert_channels,
    caches,
    channel_layers,
    checkout_secret_key,
    checkout_token_key,
    database,
    plain,
    read_environment,
)
from aitrapp.logging import logging_config
from aitrapp.settings.base import *  # noqa: F403

_env = read_environment(ROOT / ".env")

DEBUG = False
SECRET_KEY = (
    _env.secret_key.get_secret_value() if _env.secret_key else checkout_secret_key(ROOT / "var")
)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *_env.allowed_hosts]
METRICS_NETWORKS = ["127.0.0.1/32", "::1/128"]
TRUSTED_PROXIES = list(_env.trusted_proxies)
DATABASES = {"default": database(_env.database_url)}
REDIS_URL = _env.redis_url
CELERY_BROKER_URL = REDIS_URL
CACHES = caches(REDIS_URL)
CHANNEL_LAYERS = channel_layers(REDIS_URL)
INSTRUMENT_DUMP = _env.instrument_dump
BAN_LIST = _env.ban_list
ALERT_CHANNELS = alert_channels(_env)
KITE_API_KEY = _env.kite_api_key or ""
KITE_API_SECRET = plain(_env.kite_api_secret)
KITE_ROOT = _env.kite_root
KITE_WS_ROOT = _env.kite_ws_root
KITE_LOGIN_ROOT = _env.kite_login_root
TOKEN_KEY = plain(_env.token_key) or checkout_token_key(ROOT / "var")
LIVE_TRADING = False
KITE_CLIENTS = list(_env.kite_clients)
EGRESS_ADDRESS = _env.egress_address or ""
EGRESS_LOOKUP = _env.egress_lookup or ""
ALGO_ID = _env.algo_id or ""
DEAD_MAN_SECONDS = _env.dead_man_seconds
DEAD_MAN_BEYOND_PERCENT = _env.dead_man_beyond_percent
DEAD_MAN_LOOKS = _env.dead_man_looks
LOGGING = logging_config(_env.log_level)
