from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest

from tests.integration.trading.journal_day import FUTURE, INDEX, several_legs, whole_day
from trading import mapping
from trading.engine import actions, events, trades
from trading.mapping_scope import Scope, namespace_of
from trading.models import PlanState

SCOPE = Scope(
    run_id=1,
    account_id=2,
    config_version_id=3,
    namespace=namespace_of("RUN1"),
    instruments={FUTURE.key: 10, INDEX.key: 11},
)
TOLD_ELSEWHERE = {("DecisionNoted", "plan_id")}
"""Fields that need no column: a plan's own note tells its decision."""


class Watched(Mapping[str, Any]):
    """A body that remembers which of its fields were asked for."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return self._body[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._body)

    def __len__(self) -> int:
        return len(self._body)


def plan_with_legs(scope: Scope, seq: int, body: mapping.Body) -> object:
    return mapping.plan(scope, seq, body), mapping.legs(scope, body)


def order_with_event(scope: Scope, seq: int, body: mapping.Body) -> object:
    return mapping.order(scope, seq, body, 1), mapping.order_event(scope, seq, body)


MAPPED: dict[type, Callable[..., object]] = {
    actions.SignalNoted: mapping.signal,
    actions.RankingNoted: mapping.ranking,
    actions.DecisionNoted: mapping.decision,
    actions.PlanNoted: plan_with_legs,
    actions.CombinationNoted: mapping.combination,
    actions.CombinationMeasured: lambda scope, seq, body: mapping.measured(scope, body),
    actions.PlanMoved: mapping.plan_event,
    actions.OrderNoted: order_with_event,
    actions.FillNoted: mapping.fill,
    actions.PositionNoted: mapping.position,
    actions.LedgerNoted: mapping.ledger_entry,
    actions.EquityNoted: mapping.equity_point,
    actions.RiskNoted: mapping.risk_event,
    actions.AlertNoted: mapping.alert,
    actions.StateNoted: mapping.state_change,
    actions.CommandDone: lambda scope, seq, body: mapping.command_done(scope, body),
    events.CommandIssued: lambda scope, seq, body: mapping.command_issued(scope, body),
}


def sample_of(kind: type) -> Mapping[str, Any]:
    line = next(line for line in whole_day() + several_legs() if isinstance(line.body, kind))
    return msgspec.json.decode(msgspec.json.encode(line.body))


@pytest.mark.parametrize("kind", MAPPED, ids=lambda kind: kind.__name__)
def test_no_field_of_a_note_is_dropped(kind: type):
    body = Watched(sample_of(kind))

    MAPPED[kind](SCOPE, 5, body)

    dropped = set(kind.__struct_fields__) - body.asked
    assert {(kind.__name__, name) for name in dropped} <= TOLD_ELSEWHERE


def test_every_note_of_the_engine_has_a_mapping():
    notes = set(actions.Note.__args__)

    assert notes <= set(MAPPED)


def test_rows_know_every_state_a_plan_can_have():
    assert {state.value for state in trades.PlanState} == {state.value for state in PlanState}


def test_the_same_code_of_two_runs_has_two_ids():
    one, other = namespace_of("RUN1"), namespace_of("RUN2")

    assert uuid.uuid5(one, "plan/P1") == SCOPE.row_id("plan", "P1")
    assert uuid.uuid5(other, "plan/P1") != SCOPE.row_id("plan", "P1")


def test_an_outcome_that_says_refused_refuses_and_any_other_is_done():
    done = {"command_id": 1, "at": "2021-04-09T04:00:00Z", "text": ""}

    refused = mapping.command_done(SCOPE, {**done, "outcome": "refused"})
    carried_out = mapping.command_done(SCOPE, {**done, "outcome": "DONE"})

    assert (refused["state"], carried_out["state"]) == ("REFUSED", "DONE")
    assert refused["outcome"] == "refused"


def test_a_journal_from_before_legs_were_read_has_no_readings() -> None:
    body = msgspec.to_builtins(several_legs()[-2].body)
    del body["readings"]

    told = mapping.combination(SCOPE, 1, body)

    assert msgspec.json.decode(told["outlook"])["readings"] == []


def test_a_journal_from_before_segments_were_told_has_none() -> None:
    whole = dict(sample_of(actions.RankingNoted))
    before = {name: value for name, value in whole.items() if name != "segment"}

    told = [mapping.ranking(SCOPE, 1, body)["measures"] for body in (whole, before)]

    assert [msgspec.json.decode(text)["segment"] for text in told] == ["FUTURES", ""]
