"""A made day with events near it: what they change, and that it replays to the same decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.calendar import IST
from marketdata.events import EventKind, MarketEvent, Timing
from marketdata.tape import TapeReader
from tests.made_day import made_day
from tests.replay.played import Day, Played
from trading.bootstrap import history_of, screen_of, setup_of
from trading.config import Config
from trading.engine.core import Engine
from trading.journal import read_records
from trading.research.audit_replay import ReplayError, audit_replay, decision_hash

POLICY = MarketEvent(
    EventKind.RBI_POLICY, datetime(2026, 10, 6, 10, 0, tzinfo=IST), 0.8, "made for the test"
)
RESULTS = MarketEvent(
    EventKind.RESULTS,
    datetime(2026, 10, 6, tzinfo=IST),
    0.8,
    "made for the test",
    "TCS",
    Timing.AFTER_CLOSE,
)
EVENTS = (POLICY, RESULTS)


@dataclass(frozen=True, slots=True)
class Lived:
    """A quiet day, the same day with events, and the journal of that."""

    built: BuiltDay
    quiet: Played
    near: Played
    journal: Path

    def decided(self, played: Played, share: str) -> dict[str, object]:
        """Return the first signal on a share, its decision and its plan if it had one, in one."""
        (signal, *_) = (
            told.body for told in played.of("SignalNoted") if told.body["instrument"] == share
        )
        (decision,) = (
            told.body
            for told in played.of("DecisionNoted")
            if told.body["signal_id"] == signal["signal_id"]
        )
        plans = [
            told.body
            for told in played.of("PlanNoted")
            if told.body["plan_id"] == decision["plan_id"]
        ]
        verdict = next(v for v in decision["verdicts"] if v["rule"] == "event-window")
        return signal | decision | {"verdict": verdict, "plan": plans[0] if plans else None}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    built = made_day(tmp_path_factory.mktemp("built"), seed=2)
    tape = TapeReader(built.tape_path)
    journal = tmp_path_factory.mktemp("journal") / "events.journal"
    near = Day(tape, built.warmup_path, events=EVENTS)
    near.play_into(journal)
    return Lived(built, Day(tape, built.warmup_path).play(), near.play(), journal)


def again(lived: Lived, events: tuple[MarketEvent, ...] | None) -> str:
    """Return the hash to which the recorded inbox comes with these events."""
    tape, config = TapeReader(lived.built.tape_path), Config()
    setup = setup_of(config, tape.head, "T1", banned=frozenset(), events=events)
    engine = Engine(setup)
    engine.warm(history_of(setup, lived.built.warmup_path))
    screen = screen_of(setup, config, tape.head)
    return audit_replay(lived.journal, tape, engine, screen).decision_hash


def test_around_the_statement_an_entry_of_the_quiet_day_is_refused(lived: Lived):
    was, became = (lived.decided(day, "NSE:SUNPHARMA") for day in (lived.quiet, lived.near))

    assert was["approved"]
    assert became["refusals"] == ["event-window"]
    assert (became["verdict"]["measured"], became["verdict"]["allowed"]) == ("1", "0")
    assert "RBI policy 06 Oct 10:00, until 10:10: no entries" in became["verdict"]["detail"]


def test_before_it_the_stop_lies_wider_and_the_risk_stays_in_its_limit(lived: Lived):
    was, became = (lived.decided(day, "NSE:TITAN") for day in (lived.quiet, lived.near))

    plain, wide = was["plan"], became["plan"]
    assert wide["entry"] == plain["entry"]
    assert wide["entry"] - wide["stop"] == pytest.approx(1.5 * (plain["entry"] - plain["stop"]))
    assert became["quantity"] <= was["quantity"]
    assert float(became["risk_inr"]) <= 1_000_000 * 0.005
    assert became["score"] == pytest.approx(0.7 * was["score"], rel=0.05)
    detail = "RBI policy 06 Oct 10:00, until 11:00: ranked down, stop x1.5"
    assert became["verdict"]["detail"] == detail


def test_a_date_that_was_worked_out_is_named_so_by_the_verdict_and_the_penalty(lived: Lived):
    derived = replace(POLICY, source="derived: a rule of the test")
    tape = TapeReader(lived.built.tape_path)

    day = Day(tape, lived.built.warmup_path, events=(derived,)).play()
    became, was = (lived.decided(each, "NSE:TITAN") for each in (day, lived.near))

    title = "RBI policy 06 Oct 10:00 (derived date)"
    assert became["verdict"]["detail"] == f"{title}, until 11:00: ranked down, stop x1.5"
    assert [each["name"] for each in became["penalties"]] == [f"event: {title}"]
    assert [each["name"] for each in was["penalties"]] == ["event: RBI policy 06 Oct 10:00"]
    assert became["score"] == was["score"]


def test_results_concern_their_company_alone(lived: Lived):
    own, other = (lived.decided(lived.near, f"NSE:{name}") for name in ("TCS", "LT"))

    assert "event-window" in own["refusals"]
    assert "TCS results 06 Oct after close" in own["verdict"]["detail"]
    assert other["verdict"] == lived.decided(lived.quiet, "NSE:LT")["verdict"]


def test_the_day_replays_with_the_events_it_began_with_and_not_with_others(lived: Lived):
    assert again(lived, EVENTS) == decision_hash(lived.journal)
    with pytest.raises(ReplayError, match="was not said again"):
        again(lived, None)


def test_a_day_without_events_is_the_same_whether_the_list_is_asked_or_empty(lived: Lived):
    tape = TapeReader(lived.built.tape_path)

    assert Day(tape, lived.built.warmup_path, events=()).play().records == lived.quiet.records


def test_the_journal_of_the_day_names_its_events(lived: Lived):
    told = [record.body for record in read_records(lived.journal) if record.kind == "SignalNoted"]

    names = {penalty["name"] for body in told for penalty in body["penalties"]}
    assert "event: RBI policy 06 Oct 10:00" in names
