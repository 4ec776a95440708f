from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from execution.orders import OrderState, Side
from risk.limits import RiskLimits
from strategies.direction import Direction
from strategies.ranking_settings import RankingSettings
from tests.unit.trading.engine.builders import (
    BASE,
    FUTURE,
    INDEX_COLUMN,
    RELIANCE_COLUMN,
    ROOMY,
    TCS_COLUMN,
    D,
    Say,
    Scripted,
    Second,
    saying,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AskMargin, DecisionNoted
from trading.engine.caps import check_caps
from trading.engine.events import MarginTold

UNBOUND = RankingSettings(top_n=1000, max_per_underlying=1000, max_correlated=1000)
TWO_PLANS = replace(ROOMY, max_positions_per_underlying=2, max_new_per_underlying=2)
CAPITAL = 10_000_000
ROUNDED = Decimal("0.02")


class Third(Scripted):
    """One more scripted strategy."""

    __slots__ = ()
    name: ClassVar[str] = "third"


def twice(**levels: float) -> tuple[Scripted, ...]:
    """Return two strategies that speak of the index at the same bar."""
    told = {14: {INDEX_COLUMN: Say(**levels)}}
    return (Scripted(told), Second(told))


def both_asked(**overrides: Any) -> tuple[Desk, list[AskMargin]]:
    """Return a live desk that has asked for two entries of one scan."""
    desk = Desk(asks_margin=True, strategies=saying(14, INDEX_COLUMN, RELIANCE_COLUMN), **overrides)
    desk.speak()
    return desk, desk.notes(AskMargin)


def tell(desk: Desk, asked: AskMargin, required: int, free: int) -> DecisionNoted:
    desk.tell(MarginTold(desk.now, asked.code, D(required), D(free)))
    return desk.notes(DecisionNoted)[-1]


def detail_of(decision: DecisionNoted, rule: str) -> tuple[str, str, str]:
    (found,) = [verdict for verdict in decision.verdicts if verdict.rule == rule]
    return found.measured, found.allowed, found.detail


# free margin --------------------------------------------------------------------------------------


def test_the_second_entry_of_a_scan_sees_what_the_first_takes_of_the_free_margin():
    desk, (first, second) = both_asked()

    one = tell(desk, first, 600_000, free=1_000_000)
    other = tell(desk, second, 400_001, free=1_000_000)

    assert one.approved
    assert other.approved
    assert other.margin_inr <= D(400_000)
    assert other.quantity < sum(leg.quantity for leg in second.legs)


def test_the_second_entry_is_refused_where_the_first_left_nothing():
    desk, (first, second) = both_asked()

    tell(desk, first, 1_000_000, free=1_000_000)
    other = tell(desk, second, 400_000, free=1_000_000)

    assert not other.approved
    assert detail_of(other, "margin") == (
        "4040.41",
        "0.00",
        "for 1 units, left of 1000000 free at the broker by entries sent since",
    )


def test_an_entry_that_came_to_nothing_gives_its_margin_back():
    desk, (first, second) = both_asked()
    tell(desk, first, 1_000_000, free=1_000_000)

    desk.news(desk.trade.entries[0], OrderState.REJECTED)
    other = tell(desk, second, 400_000, free=1_000_000)

    assert other.approved
    assert other.margin_inr == D(400_000)


def test_margin_is_promised_from_the_moment_of_the_entry_on():
    desk, (first, _) = both_asked()
    tell(desk, first, 600_000, free=1_000_000)
    promises = desk.engine._entries._promises

    since = [promises.margin_since(desk.now + timedelta(seconds=s)) for s in (-1, 0, 1)]

    assert since == [D(600_000), D(600_000), D(0)]


def test_the_brokers_figure_counts_for_entries_of_long_before():
    strategies = (
        Scripted({14: {INDEX_COLUMN: Say()}}),
        Second({15: {RELIANCE_COLUMN: Say(entry=1_000.0)}}),
    )
    desk = Desk(asks_margin=True, strategies=strategies)
    desk.speak(14)
    tell(desk, desk.notes(AskMargin)[0], 1_000_000, free=1_000_000)
    desk.fill(desk.trade.entries[0], 130, 24_000.1)

    desk.speak(15)
    later = tell(desk, desk.notes(AskMargin)[1], 400_000, free=400_000)

    assert later.approved
    assert later.margin_inr == D(400_000)


# depth --------------------------------------------------------------------------------------------


def shown(desk: Desk, units: int, minute: int = 14) -> None:
    """Let the bar of `minute` close on a future whose touch shows so many units."""
    desk.now = desk.now.replace(hour=9, minute=15 + minute + 1)
    desk.quotes()
    desk.tick(1, BASE[1], ask_quantity=units, bid_quantity=units)
    desk.bar()


def sizes(desk: Desk) -> list[int]:
    return [decision.quantity for decision in desk.notes(DecisionNoted)]


def test_two_entries_of_a_scan_share_the_depth_that_is_shown():
    desk = Desk(strategies=twice(), limits=TWO_PLANS, ranking=UNBOUND)

    shown(desk, 195)

    assert sizes(desk) == [130, 65]


def test_depth_that_the_first_entry_takes_whole_leaves_the_second_none():
    desk = Desk(strategies=twice(), limits=TWO_PLANS, ranking=UNBOUND)

    shown(desk, 130)

    one, other = desk.notes(DecisionNoted)
    assert one.quantity == 130
    assert other.refusals == ("too-small",)
    assert "liquidity binds" in detail_of(other, "too-small")[2]


def test_an_entry_that_still_works_takes_depth_from_a_later_scan_and_a_filled_one_does_not():
    told = {14: {INDEX_COLUMN: Say()}}
    later = {15: {INDEX_COLUMN: Say()}}

    def second_size(filled: int) -> int:
        desk = Desk(strategies=(Scripted(told), Second(later)), limits=TWO_PLANS, ranking=UNBOUND)
        shown(desk, 10_000)
        if filled:
            desk.fill(desk.trade.entries[0], filled, 24_000.1)
        shown(desk, 195, minute=15)
        return sizes(desk)[-1]

    assert (second_size(0), second_size(65), second_size(130)) == (65, 130, 130)


def test_an_entry_takes_nothing_of_the_other_side_or_of_another_contract():
    desk = Desk(strategies=twice(), limits=TWO_PLANS, ranking=UNBOUND)
    desk.speak()

    taken = desk.engine._entries._promises.taken([1])

    assert taken == {(FUTURE.key, Side.BUY): 260}


# every cap ----------------------------------------------------------------------------------------

SHARES = st.integers(1, 20).map(lambda percent: D(percent) / 100)
PARTS = st.integers(10, 100).map(lambda percent: D(percent) / 100)


@st.composite
def limits(draw: st.DrawFn) -> RiskLimits:
    heat = draw(SHARES)
    return RiskLimits(
        risk_per_trade=min(heat, draw(SHARES)),
        heat=heat,
        underlying_share=draw(PARTS),
        direction_share=draw(PARTS),
        strategy_share=draw(PARTS),
        margin_share=draw(PARTS),
        max_lots=draw(st.integers(1, 40)),
        equity_share_per_position=draw(PARTS),
        max_positions=draw(st.integers(1, 6)),
        max_positions_per_strategy=draw(st.integers(1, 3)),
        max_positions_per_underlying=draw(st.integers(1, 3)),
        max_new_per_underlying=draw(st.integers(1, 3)),
        max_correlation=D(1),
    )


@st.composite
def opinions(draw: st.DrawFn) -> tuple[Scripted, ...]:
    """Return strategies that speak of several columns at one bar, both ways."""
    found = []
    for kind in (Scripted, Second, Third):
        told = {
            column: Say(
                side=draw(st.sampled_from((1, -1))),
                entry=float(BASE[column]),
                stop=draw(st.floats(0.001, 0.01)) * BASE[column],
                target1=0.02 * BASE[column],
                target2=0.03 * BASE[column],
            )
            for column in draw(
                st.sets(st.sampled_from((INDEX_COLUMN, RELIANCE_COLUMN, TCS_COLUMN)))
            )
        }
        found.append(kind({14: told}))
    return tuple(found)


def within_every_cap(desk: Desk, bounds: RiskLimits, *, units: int) -> None:
    """Check what the accepted plans of a scan come to together against each limit.

    The gate works with levels and costs as they are, the ledger with both rounded to the paisa.
    """
    exposure = desk.engine.ledger.exposure(desk.engine.last_prices())
    heat, open_ = bounds.heat * CAPITAL, exposure.open
    check_caps(desk.engine, desk.said)
    assert total(open_) <= heat
    assert exposure.margin_inr <= bounds.margin_share * CAPITAL
    assert exposure.count <= bounds.max_positions
    for way in (Direction.LONG, Direction.SHORT):
        mine = [risk for risk in open_ if risk.direction is way]
        assert total(mine) <= heat * bounds.direction_share
        for name in {risk.underlying for risk in mine}:
            alike = [risk for risk in mine if risk.underlying == name]
            assert total(alike) <= heat * bounds.underlying_share
            assert sum(risk.quantity for risk in alike) <= units
    for strategy in {risk.strategy for risk in open_}:
        own = [risk for risk in open_ if risk.strategy == strategy]
        assert total(own) <= heat * bounds.strategy_share
        assert len(own) <= bounds.max_positions_per_strategy
    for name in {risk.underlying for risk in open_}:
        held = exposure.on(name)
        assert len(held) <= min(bounds.max_positions_per_underlying, bounds.max_new_per_underlying)
        assert len({risk.direction for risk in held}) == 1
    assert all(total([risk]) <= bounds.risk_per_trade * CAPITAL for risk in open_)


def total(risks: Sequence[Any]) -> Decimal:
    """Return rupees at risk, without what rounding to the paisa can make of them."""
    return sum((risk.risk_inr - ROUNDED * risk.quantity for risk in risks), Decimal(0))


@given(strategies=opinions(), bounds=limits(), depth=st.integers(65, 2_000))
@settings(max_examples=60, deadline=None)
def test_no_scan_with_several_accepted_plans_takes_any_limit_over_its_cap(
    strategies, bounds, depth
):
    desk = Desk(strategies=strategies, limits=bounds, ranking=UNBOUND, capital=D(CAPITAL))

    desk.now = desk.now.replace(hour=9, minute=30)
    desk.quotes()
    for column in (1, RELIANCE_COLUMN, TCS_COLUMN):
        desk.tick(column, BASE[column], ask_quantity=depth, bid_quantity=depth)
    desk.bar()

    within_every_cap(desk, bounds, units=depth)


@given(strategies=opinions(), bounds=limits(), free=st.integers(0, 5_000_000), data=st.data())
@settings(max_examples=60, deadline=None)
def test_entries_of_a_scan_together_take_no_more_than_the_broker_has_free(
    strategies, bounds, free, data
):
    desk = Desk(
        asks_margin=True, strategies=strategies, limits=bounds, ranking=UNBOUND, capital=D(CAPITAL)
    )
    desk.speak()

    for asked in data.draw(st.permutations(desk.notes(AskMargin))):
        needs = data.draw(st.integers(1_000, 3_000_000))
        desk.tell(MarginTold(desk.now, asked.code, D(needs), D(free)))

    assert sum(each.margin_inr for each in desk.notes(DecisionNoted)) <= max(0, free)
    within_every_cap(desk, bounds, units=10_000)
