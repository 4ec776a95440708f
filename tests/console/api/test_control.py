"""The controls: a command row and an audit entry for each, and LIVE behind its gate."""

from __future__ import annotations

import pytest

from backoffice.permissions import Role
from tests.factories import InstrumentFactory, RunFactory
from trading.models import AuditEntry, Command, Position, StateChange
from trading.services import audit, commands, control
from trading.services.control_change import killed_scopes
from trading.services.live_gate import PHRASE

WHY = {"reason": "news at noon"}


def state_is(run, state: str, *blocked: str) -> None:
    seq = StateChange.objects.count() + 1_000
    StateChange.objects.create(
        account=run.account, run=run, seq=seq, at=run.started_at, state=state, blocked_by=blocked
    )


@pytest.mark.parametrize(
    ("path", "kind", "state", "blocked", "wanted"),
    [
        ("pause", "PAUSE", "OPEN", [], ("REDUCE_ONLY", ["operator"])),
        ("pause", "PAUSE", "REDUCE_ONLY", ["data"], ("REDUCE_ONLY", ["data", "operator"])),
        ("resume", "RESUME", "REDUCE_ONLY", ["operator"], ("OPEN", [])),
        ("resume", "RESUME", "REDUCE_ONLY", ["data", "operator"], ("REDUCE_ONLY", ["data"])),
        ("flatten", "FLATTEN", "OPEN", [], ("FLATTENING", ["kill-switch"])),
        ("unlock", "UNLOCK", "HALTED", ["kill-switch"], ("OPEN", [])),
        ("unlock", "UNLOCK", "HALTED", ["kill-switch", "operator"], ("REDUCE_ONLY", ["operator"])),
        ("unlock", "UNLOCK", "HALTED", ["daily-loss"], ("OPEN", [])),
        ("unlock", "UNLOCK", "OPEN", [], ("OPEN", [])),
        ("resume", "RESUME", "HALTED", ["kill-switch"], ("HALTED", ["kill-switch"])),
        ("pause", "PAUSE", "HALTED", ["kill-switch"], ("HALTED", ["kill-switch", "operator"])),
    ],
)
def test_a_control_leaves_a_command_and_an_audit_entry_with_before_and_after(
    operator, session, path: str, kind: str, state: str, blocked: list[str], wanted
):
    state_is(session, state, *blocked)

    answer = operator.post(f"/api/v1/{path}", WHY)

    assert answer.status_code == 202
    command = Command.objects.get()
    assert (command.kind, command.state, command.issued_by) == (kind, "PENDING", "operator")
    entry = AuditEntry.objects.get(action__startswith="co")
    assert entry.action == f"control.{kind.lower()}"
    assert (entry.by, entry.details["reason"]) == ("operator", "news at noon")
    assert entry.details["before"] == {"state": state, "blocked_by": blocked}
    assert entry.details["after"] == {"state": wanted[0], "blocked_by": wanted[1]}
    assert audit.verify().is_whole


SCOPES = ("strategy:opening_range", "underlying:NIFTY")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("path", "closed"), [("flatten", True), ("unlock", False)])
def test_the_kill_switch_of_a_scope_is_told_with_before_and_after(
    operator, session, path: str, closed: bool, scope: str
):
    answer = operator.post(f"/api/v1/{path}", {**WHY, "scope": scope})

    assert answer.status_code == 202
    assert answer.json()["subject"] == scope
    entry = AuditEntry.objects.get(action=f"control.{path}")
    assert entry.subject == scope
    assert entry.details["before"] == {"scope": scope, "closed": False}
    assert entry.details["after"] == {"scope": scope, "closed": closed}


def test_a_scope_is_closed_by_the_last_wish_that_was_carried_out(operator, session):
    for path in ("flatten", "unlock", "flatten"):
        operator.post(f"/api/v1/{path}", {**WHY, "scope": SCOPES[0]})
    operator.post("/api/v1/flatten", {**WHY, "scope": SCOPES[1]})
    first, second, third, _ = Command.objects.order_by("id")

    found = []
    for row in (first, second, third):
        Command.objects.filter(pk=row.pk).update(state="DONE", done_at=session.started_at)
        found.append(killed_scopes(session))

    assert found == [frozenset({SCOPES[0]}), frozenset(), frozenset({SCOPES[0]})]


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("strategy:openning_range", "no such strategy, expected one of "),
        ("underlying:nifty", "no such underlying on 2026-10-06"),
        ("underlying:Tata Consultancy", "no such underlying on 2026-10-06"),
    ],
)
def test_a_scope_nobody_has_is_refused_before_it_is_taken_for_closed(
    operator, session, scope: str, told: str
):
    day = session.date
    InstrumentFactory(day=day, name="NIFTY", kind="FUT")
    InstrumentFactory(day=day, symbol="TCS", name="Tata Consultancy", kind="EQ", exchange="NSE")

    answer = operator.post("/api/v1/flatten", {**WHY, "scope": scope})

    (complaint,) = answer.json()["error"]["fields"]["scope"]
    assert (answer.status_code, Command.objects.count()) == (400, 0)
    assert told.replace("2026-10-06", str(day)) in complaint
    for known in ("strategy:opening_range", "underlying:NIFTY", "underlying:TCS"):
        assert operator.post("/api/v1/flatten", {**WHY, "scope": known}).status_code == 202


def test_a_scope_may_always_be_unlocked(operator, session):
    answer = operator.post("/api/v1/unlock", {**WHY, "scope": "strategy:gone_meanwhile"})

    assert answer.status_code == 202


@pytest.mark.parametrize("scope", ["NIFTY", "strategy:", "desk:all", "x" * 121])
@pytest.mark.parametrize("path", ["flatten", "unlock"])
def test_a_scope_that_names_nothing_is_refused(operator, session, path: str, scope: str):
    answer = operator.post(f"/api/v1/{path}", {**WHY, "scope": scope})

    assert answer.status_code == 400
    assert "scope" in answer.json()["error"]["fields"]
    assert Command.objects.count() == 0


def test_the_plain_form_takes_a_scope_too(client, person, session):
    client.force_login(person(Role.OPERATOR), "django.contrib.auth.backends.ModelBackend")
    json = {"accept": "application/json"}

    answer = client.post("/live/flatten/", {"scope": SCOPES[1], "reason": "x"}, headers=json)

    assert (answer.status_code, answer.json()["subject"]) == (202, SCOPES[1])
    assert client.post("/live/flatten/", {"scope": "all", "reason": "x"}).status_code == 400


def test_the_answer_says_where_to_ask_what_has_become_of_it(operator, session):
    answer = operator.post("/api/v1/flatten", WHY)

    told = operator.get(answer["Location"]).json()
    assert told == answer.json()
    assert (told["kind"], told["state"], told["reason"]) == ("FLATTEN", "PENDING", "news at noon")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "   "}, {"reason": "x" * 501}, []])
def test_a_control_without_a_usable_reason_is_refused(operator, session, body):
    answer = operator.post("/api/v1/flatten", body)

    assert answer.status_code == 400
    assert Command.objects.count() == 0


def test_without_a_session_there_is_nobody_to_ask(operator):
    answer = operator.post("/api/v1/pause", WHY)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_session")
    assert not AuditEntry.objects.filter(action__startswith="c").exists()


def test_pressing_the_kill_switch_twice_asks_twice_and_harms_nothing(operator, session):
    first, second = (operator.post("/api/v1/flatten", WHY).json()["id"] for _ in range(2))

    assert [command.pk for command in commands.pending(session, 0)] == [first, second]


def test_command_and_audit_entry_are_written_together_or_not_at_all(session):
    with pytest.raises(ValueError, match="reason"):
        control.ask(kind=control.CommandKind.PAUSE, by="asha", reason=" ")

    assert (Command.objects.count(), AuditEntry.objects.count()) == (0, 0)


def opened(run) -> Position:
    position = Position.objects.filter(run=run).first()
    Position.objects.filter(pk=position.pk).update(state="OPEN", quantity=75)
    return position


def test_a_position_is_closed_by_its_id(operator, day):
    position = opened(day)

    answer = operator.post(f"/api/v1/positions/{position.pk}/close", WHY)

    assert answer.status_code == 202
    assert answer.json()["subject"] == position.code
    entry = AuditEntry.objects.get(action="control.close_position")
    assert entry.details["before"] == {"state": "OPEN", "quantity": 75}
    assert entry.details["after"] == {"state": "CLOSED", "quantity": 0}


def test_a_position_that_is_over_cannot_be_closed(operator, day):
    position = Position.objects.filter(run=day).first()

    answer = operator.post(f"/api/v1/positions/{position.pk}/close", WHY)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "position_over")


def test_a_position_of_an_earlier_session_cannot_be_closed(operator, day):
    position = opened(day)
    day.state, day.ended_at = "FINISHED", day.started_at
    day.save()
    RunFactory(mode="PAPER")

    answer = operator.post(f"/api/v1/positions/{position.pk}/close", WHY)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "position_over")


def test_paper_is_always_given(operator, session):
    answer = operator.post("/api/v1/mode", {"mode": "PAPER", **WHY})

    assert (answer.status_code, answer.json()) == (200, {"mode": "PAPER"})
    details = AuditEntry.objects.get(action="mode.set").details
    assert (details["before"], details["after"]) == ("PAPER", "PAPER")


def test_live_is_refused_with_every_check_that_fails_and_the_refusal_is_kept(operator, session):
    answer = operator.post("/api/v1/mode", {"mode": "LIVE", "confirmation": PHRASE, **WHY})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "live_gate_closed")
    assert {"live-adapter", "second-factor", "burn-in-sessions", "broker-token"} <= set(
        error["fields"]
    )
    assert "phrase" not in error["fields"]
    details = AuditEntry.objects.get(action="mode.refused").details
    assert (details["asked"], details["after"]) == ("LIVE", "PAPER")
    assert {check["name"] for check in details["checks"] if not check["passed"]} == set(
        error["fields"]
    )
    assert operator.get("/api/v1/mode").json() == {"mode": "PAPER"}


@pytest.mark.parametrize(
    "phrase", ["", "confirm live trading", " CONFIRM LIVE TRADING", "CONFIRM LIVE TRADING."]
)
def test_the_phrase_must_be_exact(operator, session, phrase: str):
    answer = operator.post("/api/v1/mode", {"mode": "LIVE", "confirmation": phrase, **WHY})

    assert "phrase" in answer.json()["error"]["fields"]


def test_not_even_an_admin_s_override_opens_the_gate_and_its_words_are_kept(admin, session):
    wish = {"mode": "LIVE", "confirmation": PHRASE, "override_reason": "I know better", **WHY}

    assert admin.post("/api/v1/mode", wish).status_code == 403

    assert AuditEntry.objects.get(action="mode.refused").details["override"] == "I know better"


def test_a_release_names_its_strategy_in_the_command_and_the_audit_entry(operator, session):
    answer = operator.post("/api/v1/strategies/opening_range/release", WHY)

    assert answer.status_code == 202
    command = Command.objects.get()
    assert (command.kind, command.subject) == ("RELEASE_STRATEGY", "opening_range")
    entry = AuditEntry.objects.get(action="control.release_strategy")
    assert entry.details["before"] == {"strategy": "opening_range", "asked": False}
    assert entry.details["after"] == {"strategy": "opening_range", "asked": True}


def test_a_strategy_that_there_is_not_cannot_be_released(operator, session):
    assert operator.post("/api/v1/strategies/crystal_ball/release", WHY).status_code == 404
    assert not Command.objects.exists()
