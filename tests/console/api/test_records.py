"""Lists and rows: filters, pages, and what a decision, a signal and an order tell."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.factories import RunFactory
from trading.explanation import explained
from trading.models import Decision, Order, Position, Signal


def rows(client, path: str, **query):
    answer = client.get(f"/api/v1/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_decision_tells_what_every_rule_measured_and_allowed(viewer, day):
    told = rows(viewer, "decisions", approved="false")[0]

    assert told["verdicts"] == [
        {
            "rule": "heat",
            "passed": False,
            "measured": "0.5",
            "allowed": "2.0",
            "unit": "%",
            "detail": "",
        }
    ]
    assert (told["approved"], told["refusals"]) == (False, ["correlated"])
    assert told["risk_inr"] == "2250.000000"


def test_positions_tell_what_the_rows_hold(viewer, day):
    told = {each["code"]: each for each in rows(viewer, "positions")}

    for position in Position.objects.filter(run=day):
        seen = told[position.code]
        assert Decimal(seen["gross"]) == position.gross
        assert Decimal(seen["net"]) == position.gross - position.charges
        assert (seen["direction"], seen["state"]) == ("LONG", "CLOSED")
        assert seen["instrument"] == "NFO:NIFTY21APRFUT"


def test_an_order_tells_its_life_and_its_trades(viewer, day):
    order = Order.objects.filter(run=day, role="ENTRY").first()

    told = viewer.get(f"/api/v1/orders/{order.pk}").json()

    assert [event["state"] for event in told["events"]] == ["SENT", "OPEN", "PARTIAL", "FILLED"]
    assert [fill["quantity"] for fill in told["fills"]] == [25, 50]


def test_a_signal_tells_its_score_and_the_gate_s_answer(viewer, day):
    told = rows(viewer, "signals", passed="true")[0]

    assert told["contributions"][0]["contribution"] == 0.4
    assert told["penalties"][0]["name"] == "spread"
    assert told["features"] == {"range_high": 14788.0, "age": None}
    assert told["decisions"][0]["approved"] is True


def test_a_signal_is_explained_as_on_its_page(viewer, day):
    signal = Signal.objects.filter(run=day, why_not="").first()

    told = viewer.get(f"/api/v1/signals/{signal.pk}").json()

    assert told["explanation"] == list(explained(signal).lines)
    assert told["differences"][0].startswith("config_version: number: unknown key")
    assert told["explanation"][-1].endswith(f"it differs in: {told['differences'][0]}")


@pytest.mark.parametrize(
    ("path", "query", "count"),
    [
        ("positions", {}, 2),
        ("positions", {"open": "true"}, 0),
        ("positions", {"open": "false"}, 2),
        ("positions", {"state": "CLOSED"}, 2),
        ("positions", {"strategy": "opening-range"}, 2),
        ("positions", {"strategy": "trend"}, 0),
        ("positions", {"instrument": "NFO:NIFTY21APRFUT"}, 2),
        ("positions", {"instrument": "NSE:NIFTY 50"}, 0),
        ("orders", {}, 4),
        ("orders", {"role": "ENTRY"}, 2),
        ("orders", {"side": "SELL"}, 2),
        ("orders", {"working": "true"}, 0),
        ("orders", {"state": ["FILLED", "OPEN"]}, 4),
        ("orders", {"strategy": "opening-range"}, 4),
        ("signals", {}, 4),
        ("signals", {"passed": "false"}, 2),
        ("signals", {"direction": "-1"}, 0),
        ("signals", {"min_score": "0.7"}, 0),
        ("signals", {"after": "2021-04-09T03:47:00Z"}, 2),
        ("signals", {"before": "2021-04-09T03:47:00Z"}, 2),
        ("decisions", {"approved": "true"}, 2),
        ("decisions", {"refused_by": "correlated"}, 2),
        ("decisions", {"refused_by": "heat"}, 0),
        ("commands", {"state": "DONE"}, 2),
        ("commands", {"kind": "PAUSE", "issued_by": "asha"}, 2),
        ("commands", {"kind": "FLATTEN"}, 0),
    ],
)
def test_filters_leave_what_was_asked_for(viewer, day, path: str, query, count: int):
    assert len(rows(viewer, path, **query)) == count


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("positions", {"colour": "red"}, "colour"),
        ("orders", {"state": "LOST"}, "state"),
        ("signals", {"after": "noon"}, "after"),
        ("signals", {"min_score": "much"}, "min_score"),
        ("decisions", {"ordering": "luck"}, "ordering"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_name(viewer, day, path: str, query, field: str):
    answer = viewer.get(f"/api/v1/{path}", query)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


def test_without_a_run_named_the_running_session_is_meant(viewer, day):
    other = RunFactory(mode="PAPER", state="FINISHED", ended_at="2026-01-01T10:00:00Z")

    assert len(rows(viewer, "signals")) == 4
    assert rows(viewer, "signals", run=other.code) == []
    assert len(rows(viewer, "signals", run="all")) == 4
    assert len(rows(viewer, "signals", run=day.code)) == 4


def test_lists_are_cut_into_pages(viewer, day):
    first = viewer.get("/api/v1/signals", {"page_size": 3}).json()
    second = viewer.get(first["next"]).json()

    assert (first["count"], len(first["results"]), first["previous"]) == (4, 3, None)
    assert (len(second["results"]), second["next"]) == (1, None)
    codes = {each["code"] for page in (first, second) for each in page["results"]}
    assert codes == set(Signal.objects.values_list("code", flat=True))


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "last", "9" * 30])
def test_what_is_no_page_number_is_refused_by_name(viewer, day, page: str):
    answer = viewer.get("/api/v1/signals", {"page": page})

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {"page": ["expected a whole number from 1 on"]}


def test_a_page_behind_the_last_is_answered_404_naming_the_last(viewer, day):
    answer = viewer.get("/api/v1/signals", {"page": "99"})

    told = answer.json()["error"]
    assert (answer.status_code, told["code"]) == (404, "not_found")
    assert told["message"] == "page: 99 is behind the last, 1"


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("orders", {"side": "HOLD"}, "unknown, expected one of BUY, SELL"),
        ("positions", {"state": ["OPEN", "SHUT"]}, "unknown, expected one of PENDING_ENTRY, OPEN"),
        ("signals", {"direction": "up"}, "unknown, expected one of 1, 0, -1"),
        ("decisions", {"ordering": "at,-size"}, "unknown, expected one of at, -at"),
    ],
)
def test_a_wrong_choice_is_told_what_there_is(viewer, day, path: str, query: dict, expected: str):
    answer = viewer.get(f"/api/v1/{path}", query)

    ((field, (complaint,)),) = answer.json()["error"]["fields"].items()
    assert (answer.status_code, field) == (400, next(iter(query)))
    assert complaint.startswith(expected)


def test_ordering_is_that_asked_for(viewer, day):
    Decision.objects.filter(code="DS1").update(risk_inr="9999")

    assert rows(viewer, "decisions", ordering="-risk_inr")[0]["code"] == "DS1"
    assert rows(viewer, "decisions", ordering="risk_inr")[-1]["code"] == "DS1"


@pytest.mark.parametrize("path", ["positions", "orders", "signals", "decisions"])
def test_a_list_costs_the_same_number_of_queries_however_long(
    viewer, day, path: str, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        rows(viewer, path)
