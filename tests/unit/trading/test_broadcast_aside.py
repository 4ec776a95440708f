from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.unit.trading.engine.desk import Desk
from trading.broadcast_aside import Aside
from trading.engine.actions import RiskNoted
from trading.engine.events import CommandIssued, CommandKind, StrategyOverran


def told(desk: Desk) -> list[dict[str, Any]]:
    """Return what a page is told of the remarks an engine has made so far."""
    aside = Aside()
    for note in desk.notes(RiskNoted):
        aside.take(msgspec.json.decode(msgspec.json.encode(note)))
    return aside.document()


def ask(desk: Desk, number: int, kind: CommandKind, subject: str) -> None:
    desk.tell(CommandIssued(desk.now, number, kind, "ann", "because", subject))


def test_nothing_is_put_aside_of_a_desk_that_goes_well():
    desk = Desk()
    desk.speak()

    assert told(desk) == []


def test_a_strategy_is_put_aside_with_its_reason_until_it_is_released():
    desk = Desk()
    desk.tell(StrategyOverran(desk.now, "scripted", "took 900 ms, allowed 250 ms a bar"))

    (entry,) = told(desk)
    assert (entry["kind"], entry["subject"]) == ("strategy", "scripted")
    assert "took 900 ms" in entry["text"]
    assert entry["at"] == desk.now.isoformat()

    ask(desk, 1, CommandKind.RELEASE_STRATEGY, "scripted")
    assert told(desk) == []


@pytest.mark.parametrize("scope", ["strategy:scripted", "underlying:NIFTY"])
def test_a_closed_scope_is_told_until_it_is_unlocked(scope: str):
    desk = Desk()
    ask(desk, 1, CommandKind.FLATTEN, scope)

    (entry,) = told(desk)
    assert (entry["kind"], entry["subject"]) == ("scope", scope)

    ask(desk, 2, CommandKind.UNLOCK, scope)
    assert told(desk) == []


def test_the_newest_stands_first():
    desk = Desk()
    ask(desk, 1, CommandKind.FLATTEN, "underlying:NIFTY")
    ask(desk, 2, CommandKind.FLATTEN, "underlying:TCS")

    assert [entry["subject"] for entry in told(desk)] == ["underlying:TCS", "underlying:NIFTY"]


def test_other_remarks_put_nothing_aside():
    aside = Aside()
    aside.take({"kind": "condition", "severity": "WARNING", "text": "feed is bad", "at": None})

    assert aside.document() == []
