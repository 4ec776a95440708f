"""A desk that has proven all that the gate before LIVE wants, on a Monday before the open.

Its broker is whoever the test serves; `NOW` is its present.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import redis
from django.conf import settings as django_settings

from marketdata.calendar import IST
from tests.factories import DAY, AccountFactory, RunFactory
from tests.integration.trading.journal_day import FUTURE, INDEX, OPEN, whole_day, written
from trading import broadcast_keys as keys
from trading import leader
from trading.broadcast_redis import encode
from trading.code_revision import CodeRevision
from trading.config import KIND
from trading.models import (
    Account,
    Activation,
    Command,
    ConfigVersion,
    Mode,
    Report,
    ReportKind,
    Run,
    StateChange,
)
from trading.recorder import Recorder
from trading.services import config_versions, mode
from trading.services.instruments import sync
from trading.services.live_facts import Asker
from trading.services.live_gate import PHRASE, Override
from trading.services.live_looks import BrokerSeen, Looks

NOW = datetime(2026, 11, 23, 8, 45, tzinfo=IST)
DAYS = (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20))
REVISION = "0123456789abcdef"
CODE = CodeRevision(REVISION, is_clean=True)
ADDRESS = "203.0.113.7"
CANARY = {"risk": {"risk_per_trade": "0.0025", "heat": "0.01", "daily_loss": "0.01"}}
DRILL_MS = 412
ASKER = Asker(phrase=PHRASE, is_operator=True, second_factor=True)
KNOWING = Override("the exchange's mock session stands in", is_admin=True)


def seen(at: datetime) -> BrokerSeen:
    """Answer as a broker with an empty book and a good clock."""
    return BrokerSeen(
        positions=0,
        orders=0,
        user_id="AB1234",
        clock_drift=0.4,
        funds_inr=Decimal(1_000_000),
    )


LOOKS = Looks(broker=seen, egress=lambda: ADDRESS, code=lambda: CODE)


@dataclass(frozen=True)
class ProvenDesk:
    """The account, its sessions, oldest first, and the run of the drill."""

    account: Account
    sessions: tuple[Run, ...]
    drill: Run


def proven_desk(settings, folder: Path, user_id: str = "AB1234") -> ProvenDesk:
    """Make everything true that stands in rows, settings and store; the login is the test's."""
    settings.LIVE_TRADING, settings.KITE_CLIENTS = True, [user_id]
    settings.EGRESS_ADDRESS, settings.ALGO_ID = ADDRESS, ""
    account = AccountFactory(code="paper")
    leader.acquire(account, "engine", timedelta(minutes=5))
    give_signs()
    version = config_versions.store(kind=KIND, document=CANARY, author="t")
    config_versions.activate(version=version, author="t", reason="first live session")
    Activation.objects.update(active_from=NOW - timedelta(days=30))
    drill = _drill(account, version, folder)
    sessions = tuple(passed_session(account, day, version) for day in DAYS)
    return ProvenDesk(account, sessions, drill)


def passed_session(account: Account, day: date, version: ConfigVersion) -> Run:
    """Return a session on paper and Kite's prices that ended well."""
    close = datetime(day.year, day.month, day.day, 15, 30, tzinfo=IST)
    run = RunFactory(
        account=account,
        mode="PAPER",
        source="kite",
        date=day,
        config_version=version,
        code_revision=REVISION,
        state="FINISHED",
        started_at=close - timedelta(hours=6, minutes=40),
        ended_at=close + timedelta(minutes=5),
        decision_hash="f" * 64,
    )
    for kind in (ReportKind.POST_MARKET, ReportKind.VERIFICATION):
        Report.objects.create(
            kind=kind.value, day=day, run=run, made_at=close, is_good=True, document={"last": []}
        )
    return run


def give_signs() -> None:
    """Let engine and recorder give a sign of life."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as store:
        for process in ("engine", "recorder"):
            store.set(keys.health_key(process), encode({"wall_at": datetime.now(UTC)}), ex=60)


def forget_signs(*processes: str) -> None:
    """Take signs of life away."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as store:
        for process in processes or ("engine", "recorder"):
            store.delete(keys.health_key(process))


def _drill(account: Account, version: ConfigVersion, folder: Path) -> Run:
    """Return an old session in which the kill switch was pressed while something was held."""
    sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
    run = RunFactory(
        account=account,
        mode="PAPER",
        source="kite",
        config_version=version,
        code_revision=REVISION,
        journal_path=str(folder / "drill.journal"),
    )
    written(Path(run.journal_path), whole_day())
    Recorder(run).catch_up()
    Run.objects.filter(pk=run.pk).update(state="FINISHED", ended_at=OPEN + timedelta(hours=6))
    pressed = OPEN + timedelta(minutes=1)
    Command.objects.create(
        account=account,
        run=run,
        kind="FLATTEN",
        issued_by="asha",
        issued_at=pressed,
        reason="drill",
        state="DONE",
    )
    StateChange.objects.create(
        account=account,
        run=run,
        seq=9_000,
        at=pressed + timedelta(milliseconds=DRILL_MS),
        state="HALTED",
        blocked_by=["kill-switch"],
    )
    return Run.objects.get(pk=run.pk)


def wish(desk: ProvenDesk, **more: Any) -> mode.ModeWish:
    """Return a wish for LIVE, or what `more` makes of it."""
    told: dict[str, Any] = {
        "mode": Mode.LIVE,
        "by": "asha",
        "reason": "day one",
        "asker": ASKER,
        **more,
    }
    return mode.ModeWish(account=desk.account, **told)


def newest(desk: ProvenDesk) -> Run:
    """Return the newest session."""
    return desk.sessions[-1]


def let_lease_go(desk: ProvenDesk) -> None:
    """Let nobody lead the account."""
    lease = leader.current(desk.account)
    assert lease is not None
    leader.release(lease)
