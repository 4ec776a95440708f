"""The timetable driven by a run's own time: its tasks go to the real worker as the day passes.

When tasks are due is told by `timetable.py`; this only sends them, one after another.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as wall_time

import structlog
from django.conf import settings
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from marketdata.calendar import IST
from trading.models import Run, TaskOutcome, TaskRun
from trading.services.task_runs import is_underway
from trading.services.timetable import Due, due_between

PATIENCE_SECONDS = 60.0
"""How long a task may take before the next one is sent nevertheless."""
LOST_SECONDS = 10.0
"""A task that nobody is at so long after it was sent is sent again: its worker was killed."""
_log = structlog.get_logger(__name__)

Send = Callable[[str, Mapping[str, str]], None]


def send_to_worker(task: str, words: Mapping[str, str]) -> None:
    """Hand a task to the workers. Raises `OperationalError` when the broker is away."""
    import_string(settings.TASK_APP).send_task(task, kwargs=dict(words), retry=False)


@dataclass(slots=True)
class SimulatedTime:
    """One run's timetable; `drive` is called as its time passes, as often as the caller likes.

    A task is sent once its moment has come and the one before it has ended, so that a fast day
    keeps their order. A broker that is away gets them later; a task that went down with its
    worker is sent again.
    """

    run: Run
    send: Send = send_to_worker
    clock: Callable[[], float] = time.monotonic
    _until: datetime | None = None
    _waiting: deque[Due] = field(default_factory=deque)
    _sent: Due | None = None
    _sent_at: float = 0.0
    _asked_at: float = 0.0

    def drive(self, now: datetime) -> list[Due]:
        """Send what has become due by `now`, the run's time; return what was sent."""
        begins = datetime.combine(self.run.date, wall_time(0), tzinfo=IST)
        until = self._until or begins
        if now > until:
            self._waiting.extend(due_between(until, now))
            self._until = now
        sent = []
        if self._sent is not None and self._is_lost(self._sent) and self._goes(self._sent, now):
            sent.append(self._sent)
        while self._waiting and not self._is_busy() and self._goes(self._waiting[0], now):
            self._sent, self._sent_at = self._waiting.popleft(), self.clock()
            sent.append(self._sent)
        return sent

    def _goes(self, due: Due, now: datetime) -> bool:
        """Send a task; say whether the broker took it."""
        words = {"run": self.run.code, "due_at": due.at.isoformat(), "at": now.isoformat()}
        try:
            self.send(due.task, words)
        except OperationalError as error:
            _log.warning("task not sent", task=due.task, error=type(error).__name__)
            return False
        self._asked_at = self.clock()
        return True

    def _is_lost(self, due: Due) -> bool:
        waits = self._is_busy() and self.clock() - self._asked_at > LOST_SECONDS
        return waits and not is_underway(due.name, due.at, self.run)

    @property
    def is_idle(self) -> bool:
        """Say whether everything due so far was sent and has ended."""
        return not self._waiting and not self._is_busy()

    def _is_busy(self) -> bool:
        """Say whether the task sent last is still expected to end."""
        if self._sent is None or self.clock() - self._sent_at > PATIENCE_SECONDS:
            return False
        rows = TaskRun.objects.filter(run=self.run, name=self._sent.name, due_at=self._sent.at)
        return not rows.exclude(outcome=TaskOutcome.RUNNING.value).exists()
