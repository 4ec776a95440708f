from __future__ import annotations

import math
from dataclasses import replace

from execution.foreign import ForeignPosition
from strategies.ranking_settings import RankingSettings
from tests.unit.trading.engine.builders import (
    INDEX_COLUMN,
    RELIANCE,
    RELIANCE_COLUMN,
    ROOMY,
    TCS_COLUMN,
    D,
    Say,
    Scripted,
    Second,
    setup,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import DecisionNoted
from trading.engine.events import ForeignSeen
from trading.engine.moves_with import MovesWith

WALK = (0.0, 1.0, 0.4, 1.5, -0.2, 0.6, -1.0, 0.8, 0.0)
"""Steps away from where the market stands, five minutes each."""
_LAST = 5 * len(WALK) - 1
QUICK = RankingSettings(min_samples=3, max_correlated=10)


def held() -> Scripted:
    return Scripted(
        {_LAST - 1: {RELIANCE_COLUMN: Say(entry=1_000.0, stop=10.0, target1=10, target2=20)}}
    )


def desk_that_holds_reliance(way: int, **changes: object) -> Desk:
    """Return a desk that holds a share; the index has moved with it minute by minute (`way`)."""
    said = (held(), Second({_LAST: {INDEX_COLUMN: Say()}}))
    limits = replace(ROOMY, max_correlation=D(1), **changes)
    desk = Desk(strategies=said, limits=limits, ranking=QUICK)
    for minute in range(_LAST + 1):
        step = WALK[minute // 5]
        desk.wait(60)
        desk.quotes(c0=24_000 + 24 * way * step, c2=1_000 + step)
        desk.bar()
        if minute == _LAST - 1:
            desk.fill(desk.trade.entries[0], desk.trade.planned_quantity, 1_000.1)
    return desk


def said_of_index(desk: Desk) -> tuple[bool, str]:
    [found] = [
        verdict
        for verdict in desk.notes(DecisionNoted)[-1].verdicts
        if verdict.rule == "correlated-risk"
    ]
    return found.passed, found.detail


def test_the_measured_correlation_of_what_is_held_reaches_the_verdict():
    passed, detail = said_of_index(desk_that_holds_reliance(1))

    assert passed
    assert detail.startswith("NIFTY long with RELIANCE 1.00, for ")


def test_what_moves_the_other_way_does_not_count_for_the_same_direction():
    assert said_of_index(desk_that_holds_reliance(-1))[1].startswith("NIFTY long, for ")


def test_a_desk_that_measures_nothing_knows_only_groups():
    assert "RELIANCE" not in said_of_index(desk_that_holds_reliance(1, correlated_from=D(1)))[1]
    by_group = desk_that_holds_reliance(
        1, correlated_from=D(1), groups={"heavy": ("NIFTY", "RELIANCE")}
    )
    assert said_of_index(by_group)[1].startswith("NIFTY long with RELIANCE (heavy), for ")


def test_the_desk_refuses_more_than_what_moves_together_may_carry():
    desk = desk_that_holds_reliance(1, correlated_share=D("0.0002"))

    assert "correlated-risk" in desk.notes(DecisionNoted)[-1].refusals


def test_what_somebody_else_holds_is_asked_about_too_and_what_is_unknown_left_out():
    desk = Desk()
    position = ForeignPosition(RELIANCE.key, 10, D(1_000))
    desk.tell(ForeignSeen(desk.now, (), (position,)))
    known = {(INDEX_COLUMN, RELIANCE_COLUMN): 0.8, (TCS_COLUMN, RELIANCE_COLUMN): math.nan}
    moves = MovesWith(setup(), desk.engine.ledger, lambda one, other: known[one, other])

    assert moves.of("NIFTY") == (("RELIANCE", 0.8),)
    assert moves.of("TCS") == ()
    assert moves.of("RELIANCE") == ()
    assert moves.of("BANKNIFTY") == ()
