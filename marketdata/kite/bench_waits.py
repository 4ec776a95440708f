"""How long frames take from the sender's write to the panel, and what the reader costs meanwhile.

What takes the frames is built by whoever measures: `bench_feed.py`, and the whole desk's own bench.
"""

from __future__ import annotations

import gc
import os
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from marketdata.kite.bench_sender import stamp_of
from marketdata.kite.bench_socket import Sending
from marketdata.kite.link import Link, OpenLink, Receiver


@dataclass(frozen=True, slots=True)
class FeedFigure:
    """What became of the frames sent: how many came, in how many steps, how long each took.

    Microseconds from the sender's write to the panel; CPU of the reader a frame, in microseconds,
    the first one, which finds everything cold, not counted; `collected_us`: the longest pause for
    unused objects; `memory_mib`: how much the process holds after the first tenth of the frames,
    and at the end.
    """

    sending: Sending
    frames: int
    steps: int
    median_us: float
    p99_us: float
    worst_us: float
    cpu_us: float
    collected_us: float
    memory_mib: tuple[float, float]

    def __str__(self) -> str:
        early, late = self.memory_mib
        return (
            f"{self.sending.frames} frames of {self.sending.packets:,} packets sent, "
            f"{self.frames} taken in {self.steps} steps; to the panel {self.median_us:,.0f} us, "
            f"p99 {self.p99_us:,.0f} us, worst {self.worst_us:,.0f} us; "
            f"CPU {self.cpu_us:,.0f} us a frame; longest collection {self.collected_us:,.0f} us; "
            f"memory {early:.0f} MiB, at the end {late:.0f} MiB"
        )


class Waits:
    """How long each frame took to the panel, and what the process held meanwhile."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._stamps: deque[int] = deque()
        self._waits: list[float] = []
        self._early = 0.0
        self._began: float | None = None
        self._collecting_since = self._longest_collection = 0

    def noting(self, open_link: OpenLink) -> OpenLink:
        """Return what opens links as `open_link` does, with the stamp of each frame noted."""

        async def opened(url: str, receiver: Receiver, within: float) -> Link:
            return await open_link(url, _Noted(receiver, self._stamps), within)

        return opened

    def on_panel(self, frames: int) -> bool:
        """Note that so many frames, of all that came, are on the panel; say if those were all."""
        now = time.monotonic_ns()
        news = frames - len(self._waits)
        self._waits += [(now - self._stamps.popleft()) / 1e3 for _ in range(news)]
        if self._began is None:
            self._began = time.process_time()
            gc.callbacks.append(self._collected)
        if not self._early and frames * 10 >= self._sending.frames:
            self._early = _memory_mib()
        return frames >= self._sending.frames

    def figure(self, frames: int, steps: int) -> FeedFigure:
        """Return what was measured, at the end; `frames`, `steps`: what the feed counted."""
        gc.callbacks.remove(self._collected)
        spent = time.process_time() - (self._began or 0.0)
        return FeedFigure(
            *(self._sending, frames, steps),
            *(median(self._waits), quantiles(self._waits, n=100)[-1], max(self._waits)),
            spent / max(1, len(self._waits) - 1) * 1e6,
            self._longest_collection / 1e3,
            (self._early, _memory_mib()),
        )

    def _collected(self, phase: str, info: dict[str, int]) -> None:  # noqa: ARG002
        if phase == "start":
            self._collecting_since = time.monotonic_ns()
        else:
            took = time.monotonic_ns() - self._collecting_since
            self._longest_collection = max(self._longest_collection, took)


class _Noted:
    """Passes everything on, and notes when each frame was sent."""

    def __init__(self, receiver: Receiver, stamps: deque[int]) -> None:
        self._receiver, self._stamps = receiver, stamps
        self.text, self.pong, self.lost = receiver.text, receiver.pong, receiver.lost

    def binary(self, data: bytes) -> None:
        self._stamps.append(stamp_of(data))
        self._receiver.binary(data)


def _memory_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
