"""The tape and the facts of a run, read from its row once, before its state is folded.

What the facts mean is told in `broadcast_facts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from marketdata.feed import KeptTape
from marketdata.options.iv_file import read_histories
from marketdata.options.iv_history import IvSettings
from marketdata.quality import ScreenSettings
from risk.limits import RiskLimits
from trading.bootstrap_tapes import open_tape, warmup_path
from trading.broadcast_facts import DeskFacts
from trading.models import Run

T = TypeVar("T")


def tape_of(run: Run) -> KeptTape | None:
    """Return the tape of a run's day, its archive where only that is left, None for neither."""
    if not run.tape_path:
        return None
    plain = Path(run.tape_path)
    for path in (plain, plain.with_name(plain.name + ".gz")):
        if path.exists():
            return open_tape(path)
    return None


def facts_of(run: Run, tape: KeptTape | None) -> DeskFacts:
    """Return the facts of a run; settings its configuration doesn't name keep their defaults."""
    content = run.config_version.content
    capital = content.get("capital_inr", run.account.start_capital)
    head = None if tape is None else tape.head
    return DeskFacts(
        account=run.account.code,
        run=run.code,
        date=run.date,
        mode=run.mode,
        source=run.source,
        state=run.state,
        capital=Decimal(str(capital)),
        limits=_settings(RiskLimits, content, "risk"),
        screen=_settings(ScreenSettings, content, "screen"),
        instruments=head.instruments if head else (),
        previous_close=dict(head.previous_close) if head else {},
        opens_at_s=int(head.session_open.timestamp()) if head else 0,
        iv_history={} if tape is None else read_histories(warmup_path(tape.path)),
        iv_settings=_settings(IvSettings, content, "iv_history"),
    )


def _settings(kind: type[T], content: Mapping[str, Any], key: str) -> T:
    return TypeAdapter(kind).validate_python(content.get(key, {}))
