"""A machine that others can reach: everything named in the environment, cookies over TLS only.

TLS ends at the proxy in front, which must set X-Forwarded-Proto.
"""

from __future__ import annotations

from aitrapp.env import (
    alert_channels,
    caches,
    channel_layers,
    database,
    plain,
    read_environment,
    token_key,
)
from aitrapp.logging import logging_config
from aitrapp.settings.base import *  # noqa: F403

_env = read_environment(None, needed=("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"))

DEBUG = False
SECRET_KEY = _env.secret_key.get_secret_value() if _env.secret_key else ""
ALLOWED_HOSTS = list(_env.allowed_hosts)
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
TOKEN_KEY = token_key(_env)
LIVE_TRADING = _env.live_trading
KITE_CLIENTS = list(_env.kite_clients)
EGRESS_ADDRESS = _env.egress_address or ""
EGRESS_LOOKUP = _env.egress_lookup or ""
ALGO_ID = _env.algo_id or ""
DEAD_MAN_SECONDS = _env.dead_man_seconds
DEAD_MAN_BEYOND_PERCENT = _env.dead_man_beyond_percent
DEAD_MAN_LOOKS = _env.dead_man_looks
LOGGING = logging_config(_env.log_level)

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
