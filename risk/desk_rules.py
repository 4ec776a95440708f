"""May we, by how the desk's day has gone and what it already carries: one function per rule.

What is asked of a proposal by itself lives in `rules.py`, which also says the order of all rules.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from risk import budgets
from risk.case import Case
from risk.results import Result, losses_in_a_row
from risk.verdict import Verdict


def kill_scope(case: Case) -> Verdict:
    """Refuse a strategy and an underlying that the kill switch has closed."""
    proposal = case.proposal
    scopes = (f"strategy:{proposal.strategy}", f"underlying:{proposal.underlying}")
    closed = ", ".join(scope for scope in scopes if scope in case.context.killed)
    return Verdict("kill-scope", not closed, closed or "none", "none", detail="until unlocked")


def stale_account(case: Case) -> Verdict:
    """Refuse real money on an old view of the broker's account, and on none.

    Where orders reach no real broker the desk's own books are the account.
    """
    age, allowed = case.context.account_age_seconds, case.limits.account_stale_after_seconds
    if not case.context.live:
        return Verdict("stale-account", True, "own books", _exact(allowed), "s")
    if age is None:
        return Verdict("stale-account", False, "never seen", _exact(allowed), "s")
    return Verdict("stale-account", age <= allowed, _exact(age), _exact(allowed), "s")


def cool_down(case: Case) -> Verdict:
    """Refuse for some minutes after the desk has lost so many times in a row."""
    most = case.limits.max_losses_in_row
    streak, until = _resting(case.context.results, most)
    resting, told = _told(case, until)
    return Verdict("cool-down", not resting, Decimal(streak), Decimal(most), "losses", told)


def cool_down_strategy(case: Case) -> Verdict:
    """Refuse for some minutes after this strategy has lost so many times in a row."""
    strategy, most = case.proposal.strategy, case.limits.max_losses_in_row_strategy
    streak, until = _resting(case.context.results, most, strategy)
    resting, told = _told(case, until)
    return Verdict(
        "cool-down-strategy", not resting, Decimal(streak), Decimal(most), "losses", told
    )


def order_to_trade(case: Case) -> Verdict:
    """Refuse once the day has sent too many orders, changes and cancels for each trade it made.

    Not judged before `order_to_trade_from` of them; no trade at all counts as one.
    """
    context, allowed = case.context, case.limits.max_order_to_trade
    ratio = Decimal(context.messages + 1) / max(1, context.trades)
    good = context.messages < case.limits.order_to_trade_from or ratio <= allowed
    told = f"{context.messages} sent, {context.trades} trades"
    measured = ratio.quantize(Decimal("0.01"))
    return Verdict("order-to-trade", good, measured, allowed, "a trade", told)


def expiry_day(case: Case) -> Verdict:
    """Refuse the last minutes before the desk must be flat in a contract that expires today."""
    context, allowed = case.context, Decimal(case.limits.expiry_day_last_minutes)
    if not case.proposal.expires_on(context.day):
        return Verdict("expiry-day", True, "not today", allowed, "minutes")
    left = Decimal((context.stages.flat_by - context.now) // timedelta(seconds=1)) / 60
    measured = left.quantize(Decimal("0.01"))
    return Verdict("expiry-day", left >= allowed, measured, allowed, "minutes", "to be flat")


def correlated(case: Case) -> Verdict:
    """Refuse what moves too closely with something held or kept before it.

    Another plan on the same underlying is judged by that underlying's own rules.
    """
    likeness, whom = case.proposal.correlation, case.proposal.correlated_with
    allowed = case.limits.max_correlation
    good = whom == case.proposal.underlying or likeness <= float(allowed)
    return Verdict("correlated", good, _exact(likeness), allowed, "correlation", whom)


def underlying_risk(case: Case) -> Verdict:
    """Refuse more risk than one underlying may carry in one direction."""
    return _within(case, "underlying-risk")


def direction_risk(case: Case) -> Verdict:
    """Refuse more risk than all underlyings together may carry in one direction."""
    return _within(case, "direction-risk")


def strategy_risk(case: Case) -> Verdict:
    """Refuse more risk than the budget of this strategy."""
    return _within(case, "strategy-risk")


def correlated_risk(case: Case) -> Verdict:
    """Refuse more risk than what moves together may carry: told by group, or measured."""
    return _within(case, "correlated-risk")


def expiry_day_risk(case: Case) -> Verdict:
    """Refuse more risk than one trade may carry in a contract that expires today."""
    if not case.proposal.expires_on(case.context.day):
        return Verdict("expiry-day-risk", True, "not today", case.limits.expiry_day_risk)
    return _within(case, budgets.EXPIRY_DAY)


def _within(case: Case, name: str) -> Verdict:
    [budget] = [each for each in case.budgets if each.name == name]
    after, allowed = budget.held_inr + case.risk_inr, budget.allowed_inr
    detail = f"{budget.detail}, for {case.judged_quantity} units"
    return Verdict(name, after <= allowed, after, allowed, "INR", detail)


def _resting(
    results: tuple[Result, ...], most: int, strategy: str = ""
) -> tuple[int, Result | None]:
    """Return the losses in a row and, where they are too many, the last of them.

    `strategy`: whose results count; empty for everybody's.
    """
    streak = losses_in_a_row(results, strategy)
    if streak < most:
        return streak, None
    return streak, next(each for each in reversed(results) if strategy in ("", each.strategy))


def _told(case: Case, last: Result | None) -> tuple[bool, str]:
    if last is None:
        return False, "must stay below"
    until = last.closed_at + timedelta(minutes=case.limits.cool_down_minutes)
    return case.context.now < until, f"rests until {until.isoformat(timespec='seconds')}"


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))
