from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from execution.orders import Side
from risk.breakers import Breakers
from risk.exposure import Exposure, OpenRisk
from risk.gate import Decision, decide
from risk.limits import RiskLimits
from risk.proposal import Proposal
from risk.rules import RULES
from strategies.signals import Direction
from tests.unit.risk.builders import (
    BARE,
    FUTURE,
    SHARE,
    Costs,
    D,
    at,
    context,
    exposure,
    leg,
    open_risk,
    proposal,
    quote,
    short_proposal,
)


def test_an_approval_carries_size_risk_heat_costs_and_prices() -> None:
    costs = Costs(fixed=D(900), margin_per_unit=D(3_300))
    book = exposure(open_risk(risk_inr=D(4_000)))
    limits = replace(BARE, chase_ticks=2)

    decision = decide(proposal(costs=costs), context(exposure=book), limits)

    assert decision.approved
    assert decision.refusals == ()
    assert decision.quantity == 65
    assert decision.entry_price == D("25000.2")
    assert decision.risk_inr == D("50.2") * 65 + 900
    assert decision.heat_before_inr == 4_000
    assert decision.heat_after_inr == 4_000 + decision.risk_inr
    assert decision.costs_inr == 900
    assert decision.margin_inr == 65 * 3_300
    (sent,) = decision.legs
    assert (sent.instrument, sent.side, sent.quantity) == (FUTURE, Side.BUY, 65)
    assert (sent.limit_price, sent.slices) == (D("25000.2"), (65,))


def test_a_short_is_priced_below_the_bid() -> None:
    decision = decide(short_proposal(), context(), replace(BARE, chase_ticks=2))

    assert decision.approved
    assert decision.entry_price == D("24999.8")
    assert decision.risk_inr == D("50.2") * 65


def test_all_refusals_are_told_at_once_in_the_order_of_the_rules() -> None:
    desk = context(
        now=at(15, 16),
        breakers=Breakers().block("operator"),
        exposure=exposure(realised_inr=D(-25_000)),
        seen=frozenset({proposal().setup}),
    )

    decision = decide(proposal(stop=24_900.0), desk, BARE)

    assert not decision.approved
    assert decision.refusals == (
        "trading-state",
        "daily-loss",
        "hours",
        "signal-expired",
        "duplicate-setup",
        "too-small",
        "per-trade-risk",
    )
    assert len(decision.verdicts) == len(RULES)


def test_a_refusal_leaves_nothing_to_send_and_the_heat_as_it_was() -> None:
    book = exposure(open_risk(risk_inr=D(4_000)))

    decision = decide(proposal(stop=24_900.0), context(exposure=book), BARE)

    assert (decision.quantity, decision.risk_inr, decision.costs_inr) == (0, 0, 0)
    assert (decision.margin_inr, decision.entry_price, decision.legs) == (0, None, ())
    assert decision.heat_before_inr == decision.heat_after_inr == 4_000


def test_a_spread_is_sent_leg_by_leg_in_the_same_quantity() -> None:
    bought = leg(side=Side.BUY, at_quote=quote(119.9, 120.0))
    sold = leg(replace(FUTURE, token=5, symbol="OTHER"), Side.SELL, quote(70.0, 70.1))
    asked = proposal(legs=(bought, sold), stop=25.0, target1=60.0, target2=75.0)

    decision = decide(asked, context(), replace(BARE, chase_ticks=1))

    assert decision.entry_price == D("50.2")
    assert decision.quantity == 195
    assert [sent.limit_price for sent in decision.legs] == [D("120.1"), D("69.9")]
    assert decision.risk_inr == D("25.2") * 195


def test_a_quantity_over_the_freeze_is_told_in_slices() -> None:
    asked = proposal(stop=24_999.0, legs=(leg(replace(FUTURE, freeze_quantity=130)),))

    decision = decide(asked, context(), BARE)

    assert decision.quantity == 195
    assert decision.legs[0].slices == (130, 65)


def test_shares_are_sized_by_their_value() -> None:
    asked = proposal(
        legs=(leg(SHARE, at_quote=quote(1_399.0, 1_400.0)),), stop=1_390.0, target1=1_420.0
    )

    decision = decide(asked, context(), BARE)

    assert decision.quantity == 142
    assert decision.risk_inr == 1_420


def test_a_gate_asked_twice_says_the_same() -> None:
    assert decide(proposal(), context(), BARE) == decide(proposal(), context(), BARE)


def test_a_widened_stop_shrinks_the_size_so_that_the_risk_stays_inside() -> None:
    tight = decide(proposal(stop=24_975.0), context(), BARE)
    wide = decide(proposal(stop=24_975.0 - 0.5 * 25), context(), BARE)

    assert (tight.quantity, wide.quantity) == (195, 130)
    assert wide.risk_inr <= 5_000


UNDERLYINGS = ("NIFTY", "BANKNIFTY", "SENSEX", "RELIANCE", "INFY", "TCS")
LIMITS = RiskLimits(max_spread=D("0.05"), max_positions=4, max_positions_per_strategy=2)
asked = st.builds(
    lambda name, strategy, side, price, distance, fixed, margin, is_share: _asked(
        name, strategy, side, price, distance, Costs(fixed, D("0.05"), margin), is_share
    ),
    st.sampled_from(UNDERLYINGS),
    st.sampled_from(["ORB", "TREND", "VWAP"]),
    st.sampled_from(Side),
    st.integers(500, 60_000),
    st.integers(1, 120),
    st.decimals(0, 900, places=2),
    st.decimals(0, 4_000, places=2),
    st.booleans(),
)


def _asked(
    name: str,
    strategy: str,
    side: Side,
    price: int,
    distance: int,
    costs: Costs,
    is_share: bool,
) -> Proposal:
    instrument = replace(SHARE if is_share else FUTURE, name=name, symbol=f"{name}X")
    direction = Direction(side.sign)
    return proposal(
        setup=f"{strategy}/{name}/{price}/{distance}",
        strategy=strategy,
        underlying=name,
        view=direction,
        direction=direction,
        stop=price - float(distance) * side.sign,
        target1=price + 2.0 * distance * side.sign,
        target2=price + 3.0 * distance * side.sign,
        legs=(leg(instrument, side, quote(float(price), price + 0.1)),),
        costs=costs,
    )


def _with(book: Exposure, one: Proposal, decision: Decision) -> Exposure:
    added = OpenRisk(
        key=f"P{book.count}",
        underlying=one.underlying,
        strategy=one.strategy,
        direction=one.view,
        quantity=decision.quantity,
        margin_inr=decision.margin_inr,
        risk_inr=decision.risk_inr,
        working=True,
    )
    return structs.replace(book, open=(*book.open, added))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(asked, min_size=1, max_size=25),
    st.decimals(-26_000, 2_000, places=2),
    st.integers(200_000, 3_000_000),
)
def test_no_sequence_of_approvals_ever_exceeds_a_limit(
    sequence: list[Proposal], realised: Decimal, equity: int
) -> None:
    book = exposure(equity=equity, realised_inr=realised)
    seen: frozenset[str] = frozenset()

    for one in sequence:
        decision = decide(one, context(exposure=book, seen=seen), LIMITS)
        assert decision.approved == (not decision.refusals) == (decision.quantity > 0)
        if not decision.approved:
            continue
        assert one.setup not in seen
        assert realised > -equity * LIMITS.daily_loss
        assert decision.risk_inr <= equity * LIMITS.risk_per_trade
        assert decision.quantity % one.lot_size == 0
        is_share = one.legs[0].instrument.lot_size == 1
        assert is_share or decision.quantity <= LIMITS.max_lots * one.lot_size
        book = _with(book, one, decision)
        seen |= {one.setup}

    assert book.heat_inr <= equity * LIMITS.heat
    assert book.margin_inr <= equity * LIMITS.margin_share
    assert book.count <= LIMITS.max_positions
    for name in UNDERLYINGS:
        assert len(book.on(name)) <= LIMITS.max_positions_per_underlying
    for strategy in ("ORB", "TREND", "VWAP"):
        assert book.count_of(strategy) <= LIMITS.max_positions_per_strategy


def test_a_leg_with_a_ratio_is_sent_in_its_multiple_of_the_size() -> None:
    bought = leg(side=Side.BUY, at_quote=quote(119.9, 120.0))
    sold = leg(
        replace(FUTURE, token=5, symbol="OTHER", freeze_quantity=130),
        Side.SELL,
        quote(40.0, 40.1),
        ratio=2,
    )
    asked = proposal(legs=(bought, sold), stop=15.0, target1=60.0, target2=75.0)

    decision = decide(asked, context(), BARE)

    assert (decision.quantity, decision.entry_price) == (195, D("40.0"))
    assert [sent.quantity for sent in decision.legs] == [195, 390]
    assert all(isinstance(sent.quantity, int) for sent in decision.legs)
    assert [sent.slices for sent in decision.legs] == [(195,), (130, 130, 130)]


def test_an_approval_keeps_what_every_rule_said() -> None:
    decision = decide(proposal(), context(), BARE)

    assert decision.approved
    assert len({verdict.rule for verdict in decision.verdicts}) == len(RULES)
    assert all(verdict.passed for verdict in decision.verdicts)
