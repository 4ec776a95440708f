from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.breakers import (
    DAILY_LOSS,
    LOOSENING,
    TIGHTENING,
    Breakers,
    LockedError,
    TradingState,
    daily_loss_breached,
)
from risk.exposure import Exposure
from risk.limits import RiskLimits

D = Decimal
OPEN = Breakers()


def test_a_new_desk_is_open() -> None:
    assert OPEN.may_enter
    assert not OPEN.must_flatten


def test_any_reason_blocks_entries_and_only_the_last_one_cleared_reopens() -> None:
    both = OPEN.block("operator").block("leader")

    after_one = both.clear("leader")

    assert both.state is TradingState.REDUCE_ONLY
    assert after_one.state is TradingState.REDUCE_ONLY
    assert after_one.blocked == {"operator"}
    assert after_one.clear("operator") == OPEN


def test_blocking_twice_for_one_reason_is_the_same_as_once() -> None:
    assert OPEN.block("data").block("data") == OPEN.block("data")


def test_clearing_a_reason_that_is_not_there_changes_nothing() -> None:
    assert OPEN.clear("data") == OPEN
    assert OPEN.block("leader").clear("data") == OPEN.block("leader")


def test_flattening_locks_and_halts_once_flat() -> None:
    flattening = OPEN.flatten(DAILY_LOSS)

    assert flattening.state is TradingState.FLATTENING
    assert flattening.must_flatten
    assert not flattening.may_enter
    assert flattening.halt().state is TradingState.HALTED


def test_a_lock_cannot_be_cleared_like_a_condition() -> None:
    with pytest.raises(LockedError, match="daily-loss"):
        OPEN.flatten(DAILY_LOSS).clear(DAILY_LOSS)


def test_only_a_named_person_unlocks_and_only_a_halted_desk() -> None:
    halted = OPEN.flatten(DAILY_LOSS).halt()

    assert halted.unlock("asha") == OPEN
    with pytest.raises(ValueError, match=r"^by"):
        halted.unlock(" ")
    for not_halted in (OPEN, OPEN.block("data"), OPEN.flatten("kill")):
        with pytest.raises(LockedError, match=r"^state"):
            not_halted.unlock("asha")


def test_conditions_go_on_blocking_after_an_unlock() -> None:
    halted = OPEN.block("data").flatten("kill").halt()

    unlocked = halted.unlock("asha")

    assert unlocked == OPEN.block("data")


def test_a_condition_cleared_while_halted_does_not_reopen() -> None:
    halted = OPEN.block("data").flatten("kill").halt()

    cleared = halted.clear("data")

    assert cleared.state is TradingState.HALTED
    assert cleared.blocked == {"kill"}


def test_blocking_or_flattening_a_halted_desk_keeps_it_halted() -> None:
    halted = OPEN.flatten("kill").halt()

    assert halted.block("data").state is TradingState.HALTED
    assert halted.flatten(DAILY_LOSS).state is TradingState.HALTED
    assert halted.flatten(DAILY_LOSS).locked == {"kill", DAILY_LOSS}


def test_halting_without_flattening_is_refused() -> None:
    for breakers in (OPEN, OPEN.block("data")):
        with pytest.raises(ValueError, match=r"^state"):
            breakers.halt()


def test_a_reason_needs_a_name() -> None:
    for ask in (OPEN.block, OPEN.flatten):
        with pytest.raises(ValueError, match=r"^reason"):
            ask("")


@pytest.mark.parametrize(
    ("state", "blocked", "locked"),
    [
        (TradingState.OPEN, {"data"}, set()),
        (TradingState.REDUCE_ONLY, set(), set()),
        (TradingState.REDUCE_ONLY, {"kill"}, {"kill"}),
        (TradingState.HALTED, {"kill"}, set()),
        (TradingState.FLATTENING, {"data"}, {"kill"}),
    ],
)
def test_breakers_that_contradict_themselves_cannot_exist(
    state: TradingState, blocked: set[str], locked: set[str]
) -> None:
    with pytest.raises(ValueError, match=r"^(state|locked)"):
        Breakers(state, frozenset(blocked), frozenset(locked))


REASONS = st.sampled_from(["operator", "data", "leader", "kill", DAILY_LOSS])
DEEDS = st.lists(st.tuples(st.sampled_from(["block", "clear", "flatten", "halt"]), REASONS))


@given(DEEDS)
def test_nothing_but_a_person_leaves_flattening_and_halted(deeds: list[tuple[str, str]]) -> None:
    breakers = OPEN

    for deed, reason in deeds:
        before = breakers
        try:
            breakers = before.halt() if deed == "halt" else getattr(before, deed)(reason)
        except (LockedError, ValueError):
            continue
        if breakers.state is not before.state:
            assert breakers.state in TIGHTENING[before.state] | LOOSENING[before.state]
        if before.must_flatten:
            assert breakers.must_flatten
        assert breakers.may_enter == (not breakers.blocked)


@pytest.mark.parametrize(
    ("realised", "unrealised", "breached"),
    [
        ("-24999.99", "0", False),
        ("-25000", "0", True),
        ("-25000.01", "0", True),
        ("-10000", "-15000", True),
        ("-30000", "5000.01", False),
        ("0", "0", False),
    ],
)
def test_the_daily_loss_is_breached_when_it_reaches_its_limit(
    realised: str, unrealised: str, breached: bool
) -> None:
    exposure = Exposure(D(900_000), D(1_000_000), D(realised), D(unrealised), ())

    assert daily_loss_breached(exposure, RiskLimits()) is breached


def test_the_days_loss_may_end_entries_without_flattening() -> None:
    spent = Breakers().block_for_today()

    assert (spent.state, spent.blocked) == (TradingState.REDUCE_ONLY, {"daily-loss-reached"})
    assert (spent.must_flatten, spent.has_lost_the_day) == (False, True)
    assert Breakers().flatten("daily-loss").has_lost_the_day
    assert not Breakers().flatten("kill-switch").block("operator").has_lost_the_day
