"""Where an edition of the desk's state goes: caches and pub/sub first, then the live pages.

In that order a page that joins its group before it reads the state misses nothing. What an
edition says is put together in `broadcast.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from trading import broadcast_keys as keys
from trading.broadcast_delta import Document
from trading.broadcast_redis import Pages, RedisAwayError, connect, document_of, encode
from trading.models import RunState

DELTA = "desk.delta"
"""Type of the message that live pages get."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One published change: the state after it, how it came about, and what goes with it.

    `bars`: the whole day of each instrument whose bars are to be stored. `chains`: the option
    chains to be stored, each naming its underlying and expiry. `wire`: a message a
    pub/sub channel.
    """

    document: Document
    changes: Mapping[str, Any]
    bars: Mapping[str, list[list[float]]]
    wire: Mapping[str, Mapping[str, Any]]
    health: Mapping[str, Any]
    metrics: bytes
    chains: Sequence[Document] = ()


class Sink:
    """Redis as the broadcast sees it; every call raises `RedisAwayError` when it is away.

    `engine` and `worker`: the last sign of life of each, empty for none. `needs_all` is true
    until everything has been stored since Redis was last found without the state.
    """

    def __init__(self, url: str, account: str) -> None:
        self._client: Redis = connect(url)
        self._pages = Pages(url)
        self._account = account
        self.engine: Document = {}
        self.worker: Document = {}
        self.needs_all = True

    def last_document(self) -> Document:
        """Return the state that stands in Redis, empty for none."""
        return document_of(self._answers([("get", keys.state_key(self._account))])[0])

    def publish(self, edition: Edition) -> None:
        """Store and tell an edition."""
        document, account = edition.document, self._account
        state = keys.state_key(account)
        calls: list[tuple[Any, ...]] = [
            ("exists", state),
            ("set", state, encode(document), keys.STATE_SECONDS),
            ("set", keys.market_key(account), encode(document["watch"]), keys.MARKET_SECONDS),
            (
                "set",
                keys.positions_key(account),
                encode([entry for entry in document["positions"] if entry["quantity"]]),
                keys.POSITIONS_SECONDS,
            ),
            *self._life(edition.health, edition.metrics, _seconds_of_metrics(document)),
            *(
                ("set", keys.bars_key(account, key), encode(bars), keys.BARS_SECONDS)
                for key, bars in edition.bars.items()
            ),
            *(
                ("set", _chain_key(account, chain), encode(chain), keys.CHAIN_SECONDS)
                for chain in edition.chains
            ),
            *(("publish", keys.channel(noun), encode(text)) for noun, text in edition.wire.items()),
        ]
        had_state, *_, engine, worker = self._answers([*calls, *_SIGNS])
        self.needs_all = not had_state and not self.needs_all
        self._heard(engine, worker)
        self._pages.send(
            keys.group(account),
            {"type": DELTA, "sequence": document["sequence"], "changes": dict(edition.changes)},
        )

    def keep_alive(self, health: Mapping[str, Any], metrics: bytes) -> None:
        """Renew what would run out while nothing changes, and listen for the others."""
        account = self._account
        calls: list[tuple[Any, ...]] = [
            ("exists", keys.state_key(account)),
            ("expire", keys.market_key(account), keys.MARKET_SECONDS),
            ("expire", keys.positions_key(account), keys.POSITIONS_SECONDS),
            *self._life(health, metrics, keys.METRICS_SECONDS),
        ]
        has_state, *_, engine, worker = self._answers([*calls, *_SIGNS])
        self.needs_all = self.needs_all or not has_state
        self._heard(engine, worker)

    def _life(
        self, health: Mapping[str, Any], metrics: bytes, seconds: int
    ) -> list[tuple[Any, ...]]:
        return [
            ("set", keys.health_key("recorder"), encode(health), keys.HEALTH_SECONDS),
            ("set", keys.metrics_key("recorder"), metrics, seconds),
        ]

    def _heard(self, engine: bytes | None, worker: bytes | None) -> None:
        self.engine, self.worker = document_of(engine), document_of(worker)

    def _answers(self, calls: list[tuple[Any, ...]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for name, *words in calls:
            getattr(pipeline, name)(*words)
        try:
            return pipeline.execute()
        except (RedisError, OSError) as error:
            raise RedisAwayError(type(error).__name__) from error

    def close(self) -> None:
        """Let go of every connection."""
        self._pages.close()
        self._client.close()


def _chain_key(account: str, chain: Document) -> str:
    return keys.chain_key(account, chain["underlying"], chain["expiry"])


def _seconds_of_metrics(document: Mapping[str, Any]) -> int:
    """Return how long figures stay: those of a run that has ended are final, and nobody's now."""
    has_ended = document["run"]["state"] != RunState.RUNNING.value
    return keys.STATE_SECONDS if has_ended else keys.METRICS_SECONDS


_SIGNS: tuple[tuple[str, str], ...] = (
    ("get", keys.health_key("engine")),
    ("get", keys.health_key("worker")),
)
