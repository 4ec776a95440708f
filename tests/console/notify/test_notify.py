from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from backoffice.notify import channels as ways
from backoffice.notify.channels import Message, NotSentError, Slack, Telegram, Webhook, configured
from backoffice.notify.delivering import deliver, route
from backoffice.notify.rules import Route, Rules, RulesError, active_rules, read_rules
from backoffice.notify.tasks import deliver as task
from marketdata.calendar import IST
from trading.models import Alert, Delivery
from trading.services import config_versions
from trading.services.alerts import raise_alert

NOW = datetime(2026, 10, 6, 10, 0, tzinfo=IST)
RULES = Rules(
    routes=(
        Route(channels=("log",)),
        Route(channels=("webhook",), least="WARNING"),
        Route(channels=("webhook",), kinds=("post-*",)),
    ),
    most_a_minute=3,
    attempts=3,
)


class Listener:
    """A web service of the test's own: answers as it is told, remembers what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answer = 200
        self.silent = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                if listener.silent.is_set():
                    listener.silent.wait(0)
                    threading.Event().wait(2)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.got.append((self.path, json.loads(body)))
                self.send_response(listener.answer)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


@pytest.fixture
def channels(listener: Listener) -> dict[str, Any]:
    return configured({"webhook": {"url": f"{listener.url}/hook"}})


def alert(text: str = "not flat", *, kind: str = "not-flat", severity: str = "CRITICAL") -> Alert:
    return raise_alert(kind, severity=severity, text=text, at=NOW)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.django_db
def test_an_alert_reaches_its_channels_and_leaves_a_row_for_each(listener, channels):
    alert()

    outcome = deliver(RULES, channels, NOW)

    assert (outcome.made, outcome.sent) == (2, 2)
    assert listener.got == [
        (
            "/hook",
            {
                "version": 1,
                "kind": "not-flat",
                "severity": "CRITICAL",
                "text": "not flat",
                "at": "2026-10-06T10:00:00+05:30",
            },
        )
    ]
    rows = Delivery.objects.order_by("channel").values_list("channel", "state", "sent_at")
    assert list(rows) == [("log", "SENT", NOW), ("webhook", "SENT", NOW)]


@pytest.mark.django_db
def test_nothing_is_sent_twice(listener, channels):
    alert()
    deliver(RULES, channels, NOW)

    outcome = deliver(RULES, channels, later(30))

    assert (outcome.made, outcome.sent, len(listener.got)) == (0, 0, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "severity", "expected"),
    [
        ("entry", "INFO", {"log"}),
        ("entry", "WARNING", {"log", "webhook"}),
        ("post-market", "INFO", {"log", "webhook"}),
        ("entry", "A word nobody knows", {"log", "webhook"}),
    ],
)
def test_kind_and_severity_choose_the_channels(kind, severity, expected):
    alert(kind=kind, severity=severity)

    route(RULES, frozenset({"log", "webhook"}), NOW)

    assert set(Delivery.objects.values_list("channel", flat=True)) == expected


@pytest.mark.django_db
def test_an_alert_whose_channels_are_not_configured_goes_to_the_log():
    alert(kind="entry", severity="INFO")

    route(Rules(routes=(Route(channels=("telegram",)),)), frozenset({"log"}), NOW)

    assert Delivery.objects.get().channel == "log"


@pytest.mark.django_db
def test_what_was_said_a_short_while_ago_is_not_said_again(listener, channels):
    for seconds in (0, 60, 120):
        alert()
        deliver(RULES, channels, later(seconds))
    alert("another text")
    deliver(RULES, channels, later(121))
    alert()
    deliver(RULES, channels, later(11 * 60))

    assert [body["text"] for _, body in listener.got] == ["not flat", "another text", "not flat"]
    suppressed = Delivery.objects.filter(channel="webhook", state="SUPPRESSED")
    assert suppressed.count() == 2
    first = Alert.objects.order_by("id").first()
    assert {row.detail for row in suppressed} == {f"says the same as alert {first.pk}"}


@pytest.mark.django_db
def test_a_channel_gets_only_so_many_a_minute_and_the_rest_later(listener, channels):
    for number in range(5):
        alert(f"warning {number}", severity="WARNING")

    deliver(RULES, channels, NOW)
    assert len(listener.got) == 3
    deliver(RULES, channels, later(30))
    assert len(listener.got) == 3
    deliver(RULES, channels, later(61))

    assert sorted(body["text"] for _, body in listener.got) == [f"warning {n}" for n in range(5)]


@pytest.mark.django_db
def test_a_critical_alert_goes_first_and_never_waits(listener, channels):
    for number in range(4):
        alert(f"warning {number}", severity="WARNING")
    alert("flatten")

    deliver(RULES, channels, NOW)

    assert listener.got[0][1]["text"] == "flatten"
    alert("flatten again")
    deliver(RULES, channels, later(1))
    assert listener.got[-1][1]["text"] == "flatten again"


@pytest.mark.django_db
def test_a_service_that_is_ill_is_asked_again_later_and_longer_apart(listener, channels):
    alert()
    listener.answer = 503

    times = [0, 5, 10, 15, 30]
    for seconds in times:
        deliver(RULES, channels, later(seconds))

    row = Delivery.objects.get(channel="webhook")
    assert len(listener.got) == 3
    assert (row.state, row.attempts, row.detail) == ("FAILED", 3, "answered 503")


@pytest.mark.django_db
def test_a_service_that_recovers_gets_the_alert(listener, channels):
    alert()
    listener.answer = 429
    deliver(RULES, channels, NOW)
    listener.answer = 204

    outcome = deliver(RULES, channels, later(11))

    assert outcome.sent == 1
    row = Delivery.objects.get(channel="webhook")
    assert (row.state, row.attempts, row.detail) == ("SENT", 2, "")


@pytest.mark.django_db
def test_a_refusal_is_final_at_once(listener, channels):
    alert()
    listener.answer = 404

    assert deliver(RULES, channels, NOW).failed == 1
    deliver(RULES, channels, later(600))

    assert len(listener.got) == 1


@pytest.mark.django_db
def test_a_delivery_of_a_worker_that_died_is_taken_up_after_a_while(listener, channels):
    alert()
    route(RULES, frozenset(channels), NOW)
    Delivery.objects.update(attempts=1, next_try_at=later(60))

    deliver(RULES, channels, later(30))
    assert listener.got == []
    deliver(RULES, channels, later(61))

    assert len(listener.got) == 1


@pytest.mark.django_db
def test_a_channel_that_was_taken_away_fails_the_delivery(listener, channels):
    alert()
    route(RULES, frozenset(channels), NOW)

    assert deliver(RULES, configured({}), NOW).failed == 1


def message() -> Message:
    return Message("not-flat", "CRITICAL", "one lot left", NOW)


def test_slack_and_telegram_get_one_line(listener):
    Slack(f"{listener.url}/slack").send(message())
    Telegram("12:secret", "-100", listener.url).send(message())

    line = "[CRITICAL] not-flat 06 Oct 10:00:00 IST: one lot left"
    assert listener.got == [
        ("/slack", {"text": line}),
        ("/bot12:secret/sendMessage", {"chat_id": "-100", "text": line}),
    ]


@pytest.mark.parametrize("answer", [401, 500])
def test_an_error_never_repeats_the_token(listener, answer, caplog):
    listener.answer = answer

    with pytest.raises(NotSentError) as caught:
        Telegram("12:secret", "-100", listener.url).send(message())

    assert "secret" not in str(caught.value)
    assert caught.value.is_final is (answer == 401)


def test_a_service_that_does_not_answer_is_waited_for_a_moment_only(listener, monkeypatch):
    monkeypatch.setattr(ways, "WAIT_SECONDS", 0.2)
    listener.silent.set()

    with pytest.raises(NotSentError, match="ReadTimeout") as caught:
        Webhook(listener.url).send(message())

    assert not caught.value.is_final


def test_nobody_at_home_is_no_final_answer():
    with pytest.raises(NotSentError, match="ConnectError") as caught:
        Webhook("http://127.0.0.1:1/").send(message())

    assert not caught.value.is_final


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"routes": [{"channels": ["pigeon"]}]}, "channels: 'pigeon', expected log, webhook"),
        ({"routes": [{"channels": ["log"], "least": "LOUD"}]}, "least: 'LOUD'"),
        ({"same_minutes": 0}, "same_minutes: 0, expected 1 or more"),
        ({"rules": []}, "rules: "),
        ({"routes": [{"channels": ["log"], "kind": "x"}]}, "routes.0.kind: "),
    ],
)
def test_rules_that_cannot_be_are_refused_by_name(document, complaint):
    with pytest.raises(RulesError, match=complaint.replace("[", r"\[")):
        read_rules(document)


@pytest.mark.django_db
def test_the_active_version_of_the_rules_holds():
    assert active_rules() == Rules()
    version = config_versions.store(
        kind="alerts", document={"most_a_minute": 5}, author="asha", note="calmer"
    )
    config_versions.activate(version=version, author="asha", reason="r")

    assert active_rules() == Rules(most_a_minute=5)


@pytest.mark.django_db
def test_by_default_only_the_log_is_told(settings):
    settings.ALERT_CHANNELS = {}
    alert()

    told = task.apply(kwargs={"unknown": 1}).get()

    assert told == "Outcome(made=1, sent=1, put_off=0, failed=0)"
    assert Delivery.objects.get().channel == "log"
