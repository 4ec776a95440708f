"""The running desk told to the world: state, caches, pub/sub and live pages, from the recorder.

It follows the journal by itself, a few times a second at most, and holds nothing that cannot be
made again: a reader that is slow, dead or away costs the engine nothing. Redis away is counted
and tried again later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from django.utils import timezone

from trading.broadcast_delta import BARS, Document, applied, changes
from trading.broadcast_facts import DeskFacts
from trading.broadcast_follow import Follower
from trading.broadcast_lag import Lag
from trading.broadcast_market import Bar
from trading.broadcast_redis import RedisAwayError
from trading.broadcast_rows import rebuilt, state_from_rows
from trading.broadcast_run import facts_of, tape_of
from trading.broadcast_sink import Edition, Sink
from trading.broadcast_state import DeskState
from trading.models import Run

__all__ = [
    "BARS",
    "Broadcaster",
    "DeskFacts",
    "DeskState",
    "Document",
    "applied",
    "changes",
    "facts_of",
    "rebuilt",
    "state_from_rows",
    "tape_of",
]

PERIOD_SECONDS = 0.25
"""Changes are gathered for this long: four times a second at most."""
CHAINS_SECONDS = 2.0
"""Option chains are worked out and stored this often."""
IDLE_SECONDS = 1.0
"""Without a change, pages hear this often that the desk is alive."""
READING_SECONDS = 0.25
"""Of a journal that grows faster than it is read, no more is read at once: rows come first."""
ENGINE_FRESH_SECONDS = 3.0
"""An engine whose last sign of life is older than this is shown as not well."""
_SHORTEST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0
_MINUTE = 60
_log = structlog.get_logger(__name__)


class Broadcaster:
    """Tells one run; `step` is called by the recorder's loop as often as it likes.

    Killed and started again it folds the journal from its beginning and goes on where the
    sequence stood.
    """

    def __init__(
        self, run: Run, sink: Sink, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._run = run
        self._sink = sink
        self._clock = clock
        self._follower = Follower(run)
        self.state.market.chains.prepare()
        self._told: Document = {}
        self._sequence = 0
        self._bars_from = 0.0
        self._chains_at = float("-inf")
        self._lag = Lag()
        self._told_at = self._next_at = clock()
        self._pause = 0.0

    @property
    def journal_seq(self) -> int:
        """Return the number of the last journal record read."""
        return self._follower.seq

    @property
    def state(self) -> DeskState:
        """Return the state as far as the journal was read."""
        return self._follower.state

    def step(self, projected_seq: int, fencing_token: int, *, last: bool = False) -> None:
        """Read on in the journal and tell what changed, if it is time to.

        `projected_seq`: the last record that has become rows, `fencing_token` the lease it was
        written under. `last` reads to the end and tells at once, whatever the time. Raises
        `JournalCorruptError`, `TapeCorruptError`; never for Redis.
        """
        self._read(to_the_end=last)
        self._follower.metrics.led_by(fencing_token)
        now = self._clock()
        self._lag.read_up_to(self._follower.seq, now)
        self._lag.projected_up_to(projected_seq, now)
        if last or (self._follower.has_caught_up and now >= self._next_at):
            self._tell(now, projected_seq)

    def _read(self, *, to_the_end: bool) -> None:
        """Read on in the journal until nothing is left, or for as long as pages may wait."""
        until = self._clock() + READING_SECONDS
        while self._follower.read() and (to_the_end or self._clock() < until):
            continue

    def _tell(self, now: float, projected_seq: int) -> None:
        try:
            self._publish(now, projected_seq)
        except RedisAwayError as error:
            self._pause = min(max(2 * self._pause, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
            self._next_at = now + self._pause
            self._follower.metrics.redis_failed()
            _log.warning("redis is away", run=self._run.code, error=str(error), wait_s=self._pause)
        else:
            self._pause = 0.0
            self._next_at = now + PERIOD_SECONDS

    def _publish(self, now: float, projected_seq: int) -> None:
        metrics = self._follower.metrics
        if not self._told:
            self._take_up(self._sink.last_document())
        health = self._health(now, projected_seq)
        document = self._document(health)
        metrics.engine(self._sink.engine)
        metrics.state(document)
        found = changes({**self._told, "wall_at": document["wall_at"]}, document)
        bars = self._new_bars()
        if self._told and not found and not bars and now - self._told_at < IDLE_SECONDS:
            self._sink.keep_alive(health, metrics.text())
            return
        # A number is never used twice: after a failure the next edition leaves a gap, and a page
        # that missed something asks for the whole state.
        self._sequence += 1
        document["sequence"] = self._sequence
        newest = self.state.market.newest_bar
        self._sink.publish(
            Edition(
                document=document,
                changes={
                    **found,
                    "wall_at": document["wall_at"],
                    **({BARS: bars} if bars else {}),
                },
                bars=self._days_to_store(bars, newest),
                wire=self._follower.wire.drain(self.state),
                health=health,
                metrics=metrics.text(),
                chains=self._chains(now),
            )
        )
        self.state.market.touched.clear()
        self._told, self._told_at, self._bars_from = document, now, newest

    def _take_up(self, stored: Document) -> None:
        """Go on behind what the readers saw last, whoever told it.

        Where that was another run, or nothing that can be told apart from it, a number is left
        out, so that they ask for the whole state.
        """
        is_ours = stored.get("run", {}).get("code") == self._run.code
        self._told = stored if is_ours else {}
        gap = 0 if is_ours or not stored else 1
        self._sequence = max(self._sequence, stored.get("sequence", 0) + gap)

    def _document(self, health: Mapping[str, Any]) -> Document:
        """Return the whole state, with what only this process knows."""
        document = self.state.document()
        engine, worker = self._sink.engine, self._sink.worker
        heartbeat = engine.get("wall_at")
        is_ours = engine.get("run") == self._run.code
        document["wall_at"] = health["wall_at"]
        document["run"] = {**document["run"], "speed": engine.get("speed") if is_ours else None}
        document["health"] = {
            **document["health"],
            "recorder": {"lag_records": health["lag_records"], "lag_s": health["lag_seconds"]},
            "engine": {
                "heartbeat_at": heartbeat,
                "ok": is_ours and _age(heartbeat) <= ENGINE_FRESH_SECONDS,
            },
            "worker": {"heartbeat_at": worker.get("wall_at"), "ok": bool(worker)},
        }
        return document

    def _health(self, now: float, projected_seq: int) -> Document:
        return {
            "at": self.state.at,
            "wall_at": timezone.now().isoformat(),
            "run": self._run.code,
            "lag_records": self._lag.records,
            "lag_seconds": round(self._lag.seconds(now), 2),
            "journal_seq": self._follower.seq,
            "projected_seq": projected_seq,
            "redis_failures": self._follower.metrics.redis_failures,
        }

    def _new_bars(self) -> dict[str, list[Bar]]:
        """Return the bars that are new or changed since the last edition, of what is charted."""
        market = self.state.market
        charted = sorted(self.state.charted & market.touched)
        fresh = {key: market.bars_from(key, self._bars_from) for key in charted}
        return {key: bars for key, bars in fresh.items() if bars}

    def _chains(self, now: float) -> Sequence[Document]:
        """Return the option chains if it is time to store them again, none else."""
        if not self._sink.needs_all and now - self._chains_at < CHAINS_SECONDS:
            return ()
        self._chains_at = now
        return tuple(self.state.market.chains.documents().values())

    def _days_to_store(
        self, fresh: Mapping[str, list[Bar]], newest: float
    ) -> Mapping[str, list[Bar]]:
        """Return whose bars to store: everybody's once a minute, and where Redis may have none."""
        market = self.state.market
        if self._sink.needs_all or newest >= self._bars_from + _MINUTE:
            return market.days(self.state.charted)
        return {key: market.bars(key) for key in fresh}


def _age(wall_at: str | None) -> float:
    """Return how many seconds ago a sign of life was, infinite for none."""
    if not wall_at:
        return float("inf")
    return (timezone.now() - datetime.fromisoformat(wall_at)).total_seconds()
