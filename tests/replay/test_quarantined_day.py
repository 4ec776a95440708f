from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from marketdata.calendar import IST
from marketdata.tape import TapeReader
from tests.made_day import made_day
from tests.replay.played import Day
from trading.bootstrap import history_of, screen_of, setup_of
from trading.config import Config
from trading.engine.core import Engine
from trading.engine.events import StrategyOverran
from trading.journal import read_records
from trading.research.audit_replay import audit_replay, decision_hash

TEN = datetime(2026, 10, 6, 10, 0, tzinfo=IST)
STRATEGY = "opening_range"
CONFIG = replace(Config(), strategies={STRATEGY: {}, "bollinger_reversion": {}})


@dataclass(slots=True)
class Slow:
    """Says once, at ten, that a strategy has overrun, as its watch does around a live engine."""

    told: list[StrategyOverran] = field(default_factory=list)

    def __call__(self, at: datetime) -> list[StrategyOverran]:
        if at < TEN or self.told:
            return []
        self.told.append(StrategyOverran(at, STRATEGY, "took 900 ms, allowed 250 ms a bar"))
        return self.told[-1:]


def said(path: Path, strategy: str) -> list[datetime]:
    return [
        datetime.fromisoformat(record.body["at"])
        for record in read_records(path)
        if record.kind == "SignalNoted" and record.body["strategy"] == strategy
    ]


def test_a_day_with_a_strategy_put_aside_is_lived_again_without_a_watch(tmp_path: Path):
    built = made_day(tmp_path / "built", seed=2)
    tape = TapeReader(built.tape_path)
    plain, aside = tmp_path / "plain.journal", tmp_path / "aside.journal"
    day = Day(tape, built.warmup_path, CONFIG)
    day.play_into(plain)
    replace(day, inputs=Slow()).play_into(aside)  # type: ignore[arg-type]

    setup = setup_of(CONFIG, tape.head, "T1", banned=frozenset())
    engine = Engine(setup)
    engine.warm(history_of(setup, built.warmup_path))
    report = audit_replay(aside, tape, engine, screen_of(setup, CONFIG, tape.head))

    assert any(at > TEN for at in said(plain, STRATEGY))
    assert not any(at > TEN for at in said(aside, STRATEGY))
    assert any(at > TEN for at in said(aside, "bollinger_reversion"))
    assert report.decision_hash == decision_hash(aside) != decision_hash(plain)
    kinds = [r.body["kind"] for r in read_records(aside) if r.kind in ("RiskNoted", "AlertNoted")]
    assert kinds.count("strategy-quarantined") == 2
