"""Where the running desk's live values stand in Redis, and under which names they are told.

Everything there can be made again from the journal and the rows; nothing is the only copy.
"""

from __future__ import annotations

VERSION = 1
"""Of every document and message below; a change of meaning is a new version."""

_PREFIX = f"aitrapp:v{VERSION}"

CHANNELS = ("ticks", "bars", "signals", "decisions", "orders", "positions", "risk", "events")
"""What is told on Redis pub/sub, a channel each."""

STATE_SECONDS = 86_400
"""How long the last state stays readable after its recorder has gone."""
BARS_SECONDS = 86_400
CHAIN_SECONDS = 86_400
MARKET_SECONDS = 10
POSITIONS_SECONDS = 5
HEALTH_SECONDS = 10
METRICS_SECONDS = 60


def state_key(account: str) -> str:
    """Return where the whole state of an account's desk stands, as JSON."""
    return f"{_PREFIX}:state:{account}"


def market_key(account: str) -> str:
    """Return where the last prices stand, as JSON; gone when nobody renews them."""
    return f"{_PREFIX}:market:{account}"


def positions_key(account: str) -> str:
    """Return where the open positions stand, as JSON; gone when nobody renews them."""
    return f"{_PREFIX}:positions:{account}"


def bars_key(account: str, instrument: str) -> str:
    """Return where an instrument's one-minute bars of the day stand, as JSON."""
    return f"{_PREFIX}:bars:{account}:{instrument}"


def chain_key(account: str, underlying: str, expiry: str) -> str:
    """Return where an option chain stands, as JSON; `expiry` as `2026-10-13`."""
    return f"{_PREFIX}:chain:{account}:{underlying}:{expiry}"


def health_key(process: str) -> str:
    """Return where a process (`engine`, `recorder`, `worker`) says that it lives, as JSON."""
    return f"{_PREFIX}:health:{process}"


def metrics_key(process: str) -> str:
    """Return where a process keeps its figures, as Prometheus text."""
    return f"{_PREFIX}:metrics:{process}"


def missed_key(run: str) -> str:
    """Return where it stands since when the engine of a run has been missed, as JSON."""
    return f"{_PREFIX}:missed:{run}"


METRICS_PATTERN = metrics_key("*")


def channel(noun: str) -> str:
    """Return the pub/sub channel of one of `CHANNELS`."""
    return f"aitrapp.v{VERSION}.{noun}"


def group(account: str) -> str:
    """Return the channel-layer group that an account's live pages join."""
    return f"live.{account}"
