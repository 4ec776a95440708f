"""What is known for the gate before LIVE, measured at the moment of asking; else it stays None.

Judging the facts is the business of `live_gate.py`; the desk's own rows are counted in
`live_counts.py`, and the world outside is looked at through `Looks`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address

import structlog
from django.conf import settings

from marketdata.algo_threshold import most_unregistered_on
from marketdata.broker_session import SessionState
from marketdata.calendar import IST, Calendar, CalendarUnknown
from marketdata.dated import FactMissing
from marketdata.pacing import Budgets, Call, budgets_on
from trading import leader, selectors
from trading.code_revision import CodeRevision
from trading.config import KIND
from trading.models import Account, RunMode
from trading.services import broker_login, live_counts, process_signs
from trading.services.burn_in import Session, age_of, passed_in_a_row
from trading.services.burn_in_rows import sessions
from trading.services.flatten_drill import newest_drill
from trading.services.live_gate import BURN_IN_SESSIONS, Capital, LiveFacts, OrderRate
from trading.services.live_looks import BrokerSeen, LookFailed, Looks

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for LIVE: the phrase as typed, the role, and what came of the second factor.

    `second_factor`: None for somebody who has none, or gave no code.
    """

    phrase: str = ""
    is_operator: bool = False
    second_factor: bool | None = None


def gather(account: Account, asker: Asker, looks: Looks, at: datetime) -> LiveFacts:
    """Return everything the gate wants to know of an account; the broker is asked anew.

    `at`: now.
    """
    code, config = looks.code(), live_counts.active_config()
    seen = _broker(looks, at)
    facts = replace(
        standing(at, seen),
        phrase=asker.phrase,
        is_operator=asker.is_operator,
        second_factor=asker.second_factor,
        open_positions=live_counts.open_positions(account),
        working_orders=live_counts.working_orders(account),
        broker_positions=seen.positions if seen else None,
        broker_orders=seen.orders if seen else None,
        paper_session=live_counts.paper_session(account, at.astimezone(IST).date()),
        lease_held=leader.current(account) is not None,
        leader_changes=live_counts.leader_changes(account),
        heartbeat_age=process_signs.oldest_sign(),
        duplicates=live_counts.sent_twice(account),
        orphans=live_counts.orphans(account),
        unreconciled=live_counts.unreconciled(account),
        egress_as_expected=_egress_as_expected(looks),
        capital=Capital(config.capital_inr, seen.funds_inr) if config and seen else None,
        limits=config.risk if config else None,
        live_sessions=live_counts.passed_sessions(account, RunMode.LIVE),
    )
    return _with_burn_in(facts, account, code, at)


def standing(at: datetime, seen: BrokerSeen | None) -> LiveFacts:
    """Return those facts that must go on holding while the desk is LIVE; no phrase, no asker.

    `seen`: what the broker answered, None where it wasn't asked or didn't answer.
    """
    login = broker_login.status(at)
    is_active = login.state is SessionState.ACTIVE and login.logged_in_at is not None
    rate = _order_rate(at)
    return LiveFacts(
        phrase="",
        is_operator=False,
        has_live_adapter=bool(settings.LIVE_TRADING and settings.KITE_API_KEY),
        clock_drift=_drift(seen),
        token_age=at - login.logged_in_at if is_active and login.logged_in_at else None,
        algo_id_or_below=_needs_no_id(rate),
        client_listed=_is_listed(login.user_id, seen) if is_active else None,
        order_rate=rate,
    )


def _with_burn_in(
    facts: LiveFacts, account: Account, code: CodeRevision, at: datetime
) -> LiveFacts:
    found = sessions(account, at.astimezone(IST).date())
    counted = found[:BURN_IN_SESSIONS]
    drill = newest_drill(account, code.committed) if code.committed else None
    return replace(
        facts,
        burn_in_passed=passed_in_a_row(found),
        burn_in_age=_age(found, at),
        same_config=_same(counted, "config_sha256", _active_sha()),
        same_code=_same(counted, "code_revision", code.committed),
        clean_tree=code.is_clean,
        flatten_ms=drill.taken_ms if drill else None,
    )


def _broker(looks: Looks, at: datetime) -> BrokerSeen | None:
    try:
        return looks.broker(at)
    except LookFailed as error:
        _log.warning("broker not seen", why=str(error))
        return None


def _egress_as_expected(looks: Looks) -> bool | None:
    if not settings.EGRESS_ADDRESS:
        return None
    try:
        return ip_address(looks.egress()) == ip_address(settings.EGRESS_ADDRESS)
    except (LookFailed, ValueError) as error:
        _log.warning("egress address not seen", why=str(error))
        return None


def _drift(seen: BrokerSeen | None) -> float | None:
    """Return the larger of the drifts against broker and store; None where neither was told."""
    drifts = (seen.clock_drift if seen else None, process_signs.store_drift())
    return max((drift for drift in drifts if drift is not None), key=abs, default=None)


def _is_listed(user_id: str, seen: BrokerSeen | None) -> bool | None:
    """Say whether the login's client, by our rows and by the broker's word, may trade live."""
    if not settings.KITE_CLIENTS:
        return None
    clients = {user_id, seen.user_id} if seen else {user_id}
    return clients <= set(settings.KITE_CLIENTS)


def _order_rate(at: datetime) -> OrderRate | None:
    day = at.astimezone(IST).date()
    try:
        return OrderRate(_orders_a_second(budgets_on(day)), most_unregistered_on(day))
    except FactMissing as error:
        _log.warning("order rate not known", why=str(error))
        return None


def _orders_a_second(budgets: Budgets) -> int:
    """Return the smallest budget of orders placed in a second; 0 where there is none."""
    a_second = [each.most for each in budgets if Call.PLACE in each.calls and each.seconds == 1]
    return min(a_second, default=0)


def _needs_no_id(rate: OrderRate | None) -> bool | None:
    if settings.ALGO_ID:
        return True
    return None if rate is None else rate.budget <= rate.allowed


def _age(found: tuple[Session, ...], at: datetime) -> timedelta | None:
    if not found or found[0].ended_at is None:
        return None
    try:
        return age_of(found[0].ended_at, at, Calendar.load())
    except CalendarUnknown as error:
        _log.warning("age of the burn-in not known", why=str(error))
        return None


def _active_sha() -> str:
    version = selectors.active_config(KIND)
    return version.sha256 if version else ""


def _same(counted: tuple[Session, ...], name: str, present: str) -> bool | None:
    """Say whether all counted sessions had what holds now; None where one of the two is unknown."""
    if not counted or not present:
        return None
    return all(getattr(session, name) == present for session in counted)
