"""The environment, typed: every key the project reads, and one clear error for a wrong one.

Keys are documented in `.env.example`. Reading them into Django's settings is `settings/`; the
supervisor sets the two addresses when nobody else does.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from decimal import Decimal
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from redis.backoff import NoBackoff
from redis.retry import Retry

ROOT = Path(__file__).resolve().parents[1]
DATABASE_FORM = "postgresql://user:password@host:port/name"
REDIS_FORM = "redis://:password@host:port/number"
_SECRET_KEY_LENGTH = 32
_LEAST_DEAD_MAN = 15.0
"""An engine that its supervisor starts again is back sooner."""
_MOST_BEYOND = 10
_DEAD_MAN_LOOKS = range(4, 201)
SHARED_FOLDER_MODE = 0o711
"""Of `var`: the servers' user must be able to pass through it."""


def _split(text: object) -> object:
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise ValueError(f"expected addresses or networks, 10.0.0.0/8: {error}") from error
    return texts


Networks = Annotated[Names, AfterValidator(_networks)]


class EnvironmentInvalidError(Exception):
    """Keys are missing or wrong; the text names each one and what was expected, never a value."""


def _address(text: str, schemes: tuple[str, ...], form: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in schemes:
        raise ValueError(f"expected {form}, got the scheme {parts.scheme!r}")
    try:
        port_is_good = parts.port != 0
    except ValueError:
        port_is_good = False
    if not parts.hostname or not port_is_good:
        raise ValueError(f"expected {form}, got no valid host and port")
    return text


def _database(text: str) -> str:
    _address(text, ("postgresql", "postgres"), DATABASE_FORM)
    if not urlsplit(text).path.strip("/"):
        raise ValueError(f"expected {DATABASE_FORM}, got no database name")
    return text


def _redis(text: str) -> str:
    return _address(text, ("redis", "rediss"), REDIS_FORM)


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < _SECRET_KEY_LENGTH:
        raise ValueError(f"expected at least {_SECRET_KEY_LENGTH} characters")
    return key


def _fernet(key: SecretStr) -> SecretStr:
    try:
        good = len(base64.urlsafe_b64decode(key.get_secret_value().encode())) == 32
    except ValueError:
        good = False
    if not good:
        raise ValueError("expected 32 bytes in URL-safe base64")
    return key


def _web(text: str) -> str:
    return _address(text, ("https", "http"), "https://host")


def _socket(text: str) -> str:
    return _address(text, ("wss", "ws"), "wss://host")


def _ip_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise ValueError("expected an address like 203.0.113.7") from error


def _dead_man(seconds: float) -> float:
    if seconds and seconds < _LEAST_DEAD_MAN:
        raise ValueError(f"expected 0 for off, or {_LEAST_DEAD_MAN:.0f} seconds and more")
    return seconds


def _beyond(percent: Decimal) -> Decimal:
    if not 0 < percent <= _MOST_BEYOND:
        raise ValueError(f"expected above 0, at most {_MOST_BEYOND} percent")
    return percent


def _looks(number: int) -> int:
    if number not in _DEAD_MAN_LOOKS:
        raise ValueError(f"expected {_DEAD_MAN_LOOKS[0]} to {_DEAD_MAN_LOOKS[-1]} looks")
    return number


def _key(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError("expected letters, digits, - and _ only")
    return text


class Environment(BaseSettings):
    """What the environment and `.env` say, checked; the environment wins. Unset is None."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: Annotated[str, AfterValidator(_database)] | None = None
    redis_url: Annotated[str, AfterValidator(_redis)] | None = None
    secret_key: Annotated[SecretStr, AfterValidator(_long_enough)] | None = None
    allowed_hosts: Names = ()
    trusted_proxies: Networks = ()
    instrument_dump: Path | None = None
    ban_list: Path | None = None
    alert_webhook_url: SecretStr | None = None
    slack_webhook_url: SecretStr | None = None
    telegram_bot_token: SecretStr | None = None
    telegram_chat_id: str | None = None
    kite_api_key: Annotated[str, AfterValidator(_key)] | None = None
    kite_api_secret: SecretStr | None = None
    kite_root: Annotated[str, AfterValidator(_web)] = "https://api.kite.trade"
    kite_ws_root: Annotated[str, AfterValidator(_socket)] = "wss://ws.kite.trade"
    kite_login_root: Annotated[str, AfterValidator(_web)] = "https://kite.zerodha.com/connect/login"
    token_key: Annotated[SecretStr, AfterValidator(_fernet)] | None = None
    live_trading: bool = False
    kite_clients: Names = ()
    egress_address: Annotated[str, AfterValidator(_ip_address)] | None = None
    egress_lookup: Annotated[str, AfterValidator(_web)] | None = None
    algo_id: Annotated[str, AfterValidator(_key)] | None = None
    dead_man_seconds: Annotated[float, AfterValidator(_dead_man)] = 60.0
    dead_man_beyond_percent: Annotated[Decimal, AfterValidator(_beyond)] = Decimal(2)
    dead_man_looks: Annotated[int, AfterValidator(_looks)] = 20
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


def _complaint(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in problem["loc"][:1]).upper()
        lines.append(f"{key}: {problem['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)


def read_environment(file: Path | None, *, needed: tuple[str, ...] = ()) -> Environment:
    """Return the environment, with the keys of `file` where it says nothing.

    Raises `EnvironmentInvalidError` naming each wrong key, and each of `needed` that is missing.
    """
    try:
        environment = Environment(_env_file=file)  # type: ignore[call-arg]
    except ValidationError as error:
        raise EnvironmentInvalidError(_complaint(error)) from None
    missing = [key for key in needed if not getattr(environment, key.lower())]
    if missing:
        lines = [f"{key}: missing; .env.example says what it is for" for key in missing]
        raise EnvironmentInvalidError("\n".join(lines))
    return environment


def database(url: str | None) -> dict[str, object]:
    """Return Django's entry for a database address; without one, an entry that fails on use."""
    if url is None:
        return {"ENGINE": "aitrapp.unset_database", "NAME": "unset"}
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": str(parts.port or 5432),
        "CONN_HEALTH_CHECKS": True,
    }


def caches(url: str | None) -> dict[str, object]:
    """Return what the console counts requests in; without a Redis, the process's own memory.

    A Redis that is away is given up on within half a second, and not asked twice.
    """
    if url is None:
        return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "aitrapp:console",
            "OPTIONS": {
                "socket_timeout": 0.5,
                "socket_connect_timeout": 0.5,
                "retry": Retry(NoBackoff(), 0),
            },
        }
    }


def channel_layers(url: str | None) -> dict[str, object]:
    """Return the layer that carries live updates; without a Redis, one inside the process.

    A socket timeout would end every quiet subscription, so there is none.
    """
    if url is None:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": url, "socket_timeout": None}]},
        }
    }


def alert_channels(environment: Environment) -> dict[str, dict[str, str]]:
    """Return the addresses of the alert channels that are set, by channel.

    Raises `EnvironmentInvalidError` for a Telegram bot without a chat, or a chat without a bot.
    """
    channels = {}
    if environment.alert_webhook_url:
        channels["webhook"] = {"url": environment.alert_webhook_url.get_secret_value()}
    if environment.slack_webhook_url:
        channels["slack"] = {"url": environment.slack_webhook_url.get_secret_value()}
    token, chat = environment.telegram_bot_token, environment.telegram_chat_id
    if bool(token) != bool(chat):
        missing = "TELEGRAM_CHAT_ID" if token else "TELEGRAM_BOT_TOKEN"
        raise EnvironmentInvalidError(f"{missing}: missing; Telegram needs a bot and a chat")
    if token and chat:
        channels["telegram"] = {"token": token.get_secret_value(), "chat": chat}
    return channels


def plain(secret: SecretStr | None) -> str:
    """Return a secret's text, empty where it isn't set."""
    return secret.get_secret_value() if secret else ""


def token_key(environment: Environment) -> str:
    """Return the key that encrypts broker tokens; empty for a desk without an app at the broker.

    Raises `EnvironmentInvalidError` for an app without one: processes on several machines share it.
    """
    if environment.kite_api_key and not environment.token_key:
        raise EnvironmentInvalidError("TOKEN_KEY: missing; .env.example says what it is for")
    return plain(environment.token_key)


def checkout_secret_key(folder: Path) -> str:
    """Return this checkout's own key, kept in `folder`; a random one is made the first time.

    Where the folder can't be written (a read-only checkout), the key lasts one process.
    """
    return _kept(folder, "secret_key", secrets.token_urlsafe(48))


def checkout_token_key(folder: Path) -> str:
    """Return the key that encrypts this checkout's broker tokens, kept as `checkout_secret_key`."""
    return _kept(folder, "token_key", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


def _kept(folder: Path, name: str, fresh: str) -> str:
    """Return what stands in a file of `folder`, `fresh` the first time, readable by us alone.

    The file appears whole or not at all: of two processes that begin at once one makes it.
    """
    path, draft = folder / name, folder / f".{name}.{os.getpid()}"
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(SHARED_FOLDER_MODE)
        if not path.exists():
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
                stream.write(fresh)
            try:
                os.link(draft, path)
            finally:
                draft.unlink()
    except FileExistsError:
        pass
    except OSError:
        return fresh
    return path.read_text().strip() or fresh
