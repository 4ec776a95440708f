"""Audit replay: the recorded inbox of a run handled again, and its decisions compared.

A what-if with other parameters is a new run on the same tape; this proves the old one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from marketdata.feed import KeptTape
from marketdata.quality import TickScreen
from marketdata.tape import microseconds
from trading.engine.codec import body_of, event_of, plain
from trading.engine.core import Engine
from trading.engine.events import Event, MarketStep
from trading.journal import HEAD, Record, read_records

DECISIVE = frozenset({"SignalNoted", "DecisionNoted", "PlanNoted"})
"""The kinds of record that make up a run's decisions."""
_NOT_EVENTS = frozenset({HEAD, "Frame"})


class ReplayError(Exception):
    """The engine answered a recorded event with something else than it did then."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay went through, and the digest of the decisions it came to."""

    events: int
    actions: int
    decision_hash: str


def decision_hash(path: Path) -> str:
    """Return the SHA-256 of every signal, decision and plan of a journal, in order."""
    digest = hashlib.sha256()
    for record in read_records(path):
        if record.kind in DECISIVE:
            _add(digest, record.kind, record.body)
    return digest.hexdigest()


def audit_replay(path: Path, tape: KeptTape, engine: Engine, screen: TickScreen) -> ReplayReport:
    """Hand every recorded event to a new engine and compare all it says with the journal.

    `engine` and `screen` are as they were at the start of the run. Raises `ReplayError` naming
    the first record that differs.
    """
    digest = hashlib.sha256()
    expected: list[object] = [(type(a).__name__, plain(body_of(a))) for a in engine.start()]
    events = actions = 0
    step: MarketStep | None = None
    for record in read_records(path):
        if record.kind == "Frame":
            frame = tape.frame(record.body["frame"])
            ticks, _ = screen.screen(frame.ticks, microseconds(frame.at))
            step = MarketStep(frame.at, frame.index, ticks)
        elif record.incoming and record.kind not in _NOT_EVENTS:
            _nothing_left(expected, record)
            event = _event(record, step)
            expected = [(type(a).__name__, plain(body_of(a))) for a in engine.handle(event)]
            events += 1
        elif not record.incoming and record.kind != "run-ended":
            _same(expected, record)
            actions += 1
            if record.kind in DECISIVE:
                _add(digest, record.kind, record.body)
    if expected:
        raise ReplayError(f"{path}: its end leaves unsaid {expected}")
    return ReplayReport(events, actions, digest.hexdigest())


def _event(record: Record, step: MarketStep | None) -> Event:
    """Return what a record tells; a market step is that of the frame taken up last."""
    if record.kind != MarketStep.__name__:
        return event_of(record.kind, record.body)
    if step is None or step.frame != record.body["frame"]:
        raise ReplayError(f"record {record.seq}: a market step without its frame")
    return step


def _same(expected: list[object], record: Record) -> None:
    if not expected or expected.pop(0) != (record.kind, record.body):
        raise ReplayError(f"record {record.seq}: {record.kind} was not said again")


def _nothing_left(expected: list[object], record: Record) -> None:
    if expected:
        raise ReplayError(f"record {record.seq}: more was said than stands before it: {expected}")


def _add(digest: hashlib._Hash, kind: str, body: object) -> None:
    digest.update(kind.encode())
    digest.update(msgspec.json.encode(body))


def lines(report: ReplayReport) -> Iterator[str]:
    """Yield the report as text, a line a fact."""
    yield f"events {report.events}"
    yield f"actions {report.actions}"
    yield f"decision_hash {report.decision_hash}"
