"""The recorder and the engine as a page sees them: the state told to Redis, commands answered."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import redis
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from django.utils import timezone

from tests.console.browser.states import Document, desk_state
from tests.factories import DAY, ConfigVersionFactory, RunFactory
from tests.integration.trading.journal_day import FUTURE, INDEX, whole_day, written
from trading import broadcast_keys as keys
from trading.broadcast_delta import changes
from trading.models import Account, Command, Run
from trading.recorder import Recorder
from trading.services.instruments import sync
from trading.services.seed import PAPER_ACCOUNT

_ALIVE_SECONDS = 0.4


Rows = Callable[[Callable[[], Any]], Any]
"""Does something with the rows where that is allowed: beside the browser's event loop."""


def _session() -> Run:
    number = int(time.time() * 1000) % 2_000_000_000
    run: Run = RunFactory(
        mode="PAPER",
        account=Account.objects.get(code=PAPER_ACCOUNT),
        config_version=ConfigVersionFactory(number=number),
        code=f"B{number}",
    )
    return run


class Desk:
    """One running session. It says that it lives until `hush`; a change goes out at once."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.run: Run = rows(_session)
        self.state: Document = desk_state(self.run.code)
        self._client = redis.Redis.from_url(settings.REDIS_URL)
        self._loop = asyncio.new_event_loop()
        self._layer = RedisPubSubChannelLayer(hosts=[settings.REDIS_URL])
        self._talking, self._over = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._voice = threading.Thread(target=self._speak, daemon=True)
        self._pulse = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Desk:
        self.state["wall_at"] = timezone.now().isoformat()
        self._store()
        self._talking.set()
        self._voice.start()
        self._pulse.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._pulse.join()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._voice.join()
        self._client.delete(keys.state_key(PAPER_ACCOUNT))
        self._client.close()
        self.end_run()

    def change(self, *, bars: Document | None = None, **fields: Any) -> None:
        """Let the desk be as `fields` say from now on, and tell it."""
        with self._lock:
            self._step(fields, bars, is_told=True)

    def change_unheard(self, **fields: Any) -> None:
        """Change the desk as `change` does, but let the message be lost."""
        with self._lock:
            self._step(fields, None, is_told=False)

    def hush(self) -> None:
        """Say nothing more, as if the recorder had died."""
        self._talking.clear()

    def bars(self, instrument: str, day: list[list[float]]) -> None:
        """Store an instrument's bars of the day."""
        self._client.set(keys.bars_key(PAPER_ACCOUNT, instrument), json.dumps(day), ex=600)

    def chain(self, told: Document) -> None:
        """Store an option chain as the recorder does."""
        key = keys.chain_key(PAPER_ACCOUNT, told["underlying"], told["expiry"])
        self._client.set(key, json.dumps(told), ex=600)

    def record(self, journal: Path) -> None:
        """Let the session's rows tell of a signal, S1, and what became of it."""

        def project() -> None:
            written(journal, whole_day(prefix=self.run.code)[:-1])
            sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
            Run.objects.filter(pk=self.run.pk).update(journal_path=str(journal))
            Recorder(Run.objects.get(pk=self.run.pk)).catch_up()

        self._rows(project)

    def ask_rows(self, question: Callable[[], Any]) -> Any:
        """Return the answer to a question to the rows."""
        return self._rows(question)

    def commands(self) -> list[Command]:
        """Return what has been asked of this session, oldest first."""
        asked: list[Command] = self._rows(
            lambda: list(Command.objects.filter(run=self.run).order_by("id"))
        )
        return asked

    def wait_for_command(self, seconds: float = 10.0) -> Command:
        """Return the newest command that waits for this session, waiting for one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = [command for command in self.commands() if command.state == "PENDING"]
            if found:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError("no command was written down")

    def answer(self, command: Command, state: str = "DONE", outcome: str = "") -> None:
        """Say what has become of a command, as the recorder does."""
        one = Command.objects.filter(pk=command.pk)
        self._rows(lambda: one.update(state=state, outcome=outcome))

    def end_run(self) -> None:
        """Let the session be over in the rows."""
        one = Run.objects.filter(pk=self.run.pk)
        self._rows(lambda: one.update(state="FAILED", ended_at=timezone.now()))

    def _speak(self) -> None:
        """Run the loop until it is stopped; closing it lets go of the channel layer, too."""
        self._loop.run_forever()
        self._loop.close()

    def _live(self) -> None:
        while not self._over.wait(_ALIVE_SECONDS):
            if self._talking.is_set():
                self.change()

    def _step(self, fields: Document, bars: Document | None, *, is_told: bool) -> None:
        after = {**self.state, **fields, "wall_at": timezone.now().isoformat()}
        after["sequence"] = self.state["sequence"] + 1
        told = changes(self.state, after)
        self.state = after
        self._store()
        if is_told:
            message = {
                "type": "desk.delta",
                "sequence": after["sequence"],
                "changes": {**told, **({"bars": bars} if bars else {})},
            }
            sent = self._layer.group_send(keys.group(PAPER_ACCOUNT), message)
            asyncio.run_coroutine_threadsafe(sent, self._loop).result(5)

    def _store(self) -> None:
        self._client.set(keys.state_key(PAPER_ACCOUNT), json.dumps(self.state), ex=600)
