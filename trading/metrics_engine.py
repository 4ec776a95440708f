"""What an engine measures about itself, to go out with its sign of life.

The engine decides the same with or without it; nothing is sent from here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from trading.engine.actions import Action
from trading.engine.events import Event, MarketStep, TimerFired
from trading.engine.timeline import BAR

MOST_SAMPLES = 500
"""Samples of one kind kept between two signs of life; later ones are left out."""
TICK_TO_DECISION = "tick_to_decision_ms"
SCAN = "scan_ms"

Answer = Callable[[Event], tuple[Action, ...]]


class Samples:
    """Milliseconds by kind, gathered in one thread and taken away in another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples: dict[str, list[float]] = {}

    def add(self, kind: str, milliseconds: float) -> None:
        """Keep one sample."""
        with self._lock:
            kept = self._samples.setdefault(kind, [])
            if len(kept) < MOST_SAMPLES:
                kept.append(round(milliseconds, 3))

    def drain(self) -> dict[str, list[float]]:
        """Return the samples gathered since the last call, as the sign's `latencies`."""
        with self._lock:
            taken, self._samples = self._samples, {}
        return taken


def timed(answer: Answer, samples: Samples) -> Answer:
    """Return an engine's `handle` that measures each step and scan on the way."""

    def ask(event: Event) -> tuple[Action, ...]:
        began = time.perf_counter()
        actions = answer(event)
        kind = _kind(event)
        if kind:
            samples.add(kind, (time.perf_counter() - began) * 1000)
        return actions

    return ask


def _kind(event: Event) -> str:
    match event:
        case MarketStep():
            return TICK_TO_DECISION
        case TimerFired(key=key) if key == BAR:
            return SCAN
        case _:
            return ""
