from __future__ import annotations

import pytest

from tests.factories import RunFactory
from trading.engine.events import CommandKind
from trading.models import AuditEntry, Command
from trading.services import commands
from trading.services.commands import NoRunError

pytestmark = pytest.mark.django_db


def test_a_wish_goes_to_the_running_paper_run():
    RunFactory()
    run = RunFactory(mode="PAPER")

    command = commands.issue(kind=CommandKind.PAUSE, by="asha", reason="news at noon")

    assert (command.run, command.account, command.state) == (run, run.account, "PENDING")


def test_a_wish_is_audited_with_its_reason():
    run = RunFactory(mode="PAPER")

    command = commands.issue(kind=CommandKind.FLATTEN, by="asha", reason="drill")

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.by, entry.subject) == ("control.flatten", "asha", run.code)
    assert entry.details == {
        "command": command.pk,
        "run": run.code,
        "reason": "drill",
        "before": {"state": "OPEN", "blocked_by": []},
        "after": {"state": "FLATTENING", "blocked_by": ["kill-switch"]},
    }


def test_without_a_running_run_there_is_nobody_to_ask():
    RunFactory(mode="PAPER", state="FINISHED", ended_at="2021-04-09T10:00:00Z")

    with pytest.raises(NoRunError, match="FLATTEN"):
        commands.issue(kind=CommandKind.FLATTEN, by="asha", reason="drill")

    assert AuditEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "reason", "complaint"),
    [
        (CommandKind.PAUSE, "  ", "reason: empty"),
        (CommandKind.CLOSE_POSITION, "too hot", "subject: empty"),
    ],
)
def test_a_wish_that_says_too_little_is_refused(kind: CommandKind, reason: str, complaint: str):
    RunFactory(mode="PAPER")

    with pytest.raises(ValueError, match=complaint):
        commands.issue(kind=kind, by="asha", reason=reason)


def test_pending_tells_a_run_s_own_unread_wishes_in_order():
    run, other = RunFactory(), RunFactory()
    wishes = [
        commands.issue(kind=CommandKind.PAUSE, by="asha", reason="r", run=target)
        for target in (run, other, run, run)
    ]
    Command.objects.filter(pk=wishes[2].pk).update(state="DONE")

    assert commands.pending(run, 0) == [wishes[0], wishes[3]]
    assert commands.pending(run, wishes[0].pk) == [wishes[3]]
