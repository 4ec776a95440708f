"""The page's pure modules, in the browser that runs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.console.browser.conftest import WebProcess

pytestmark = pytest.mark.browser

Call = Callable[..., Any]
SILENT = {"run": {"state": "RUNNING"}, "health": {"engine": {"ok": False}}}
FLAT = {"positions": 0, "orders": 0, "isFlat": True}


@pytest.fixture(scope="module")
def page(browser: Browser, web: WebProcess) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{web.url}/login/")
    yield page
    context.close()


@pytest.fixture
def call(page: Page) -> Call:
    """Return a way to call a module's function with plain values."""

    def of(module: str, function: str, *values: Any) -> Any:
        told = json.dumps(values)
        return page.evaluate(
            f"async () => (await import('/static/live/{module}.js')).{function}(...{told})"
        )

    return of


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        ("rupees", 1_000_000, "₹10,00,000.00"),
        ("rupees", "-1234567.891", "−₹12,34,567.89"),
        ("rupees", -0.004, "₹0.00"),
        ("rupees", None, "–"),
        ("rupees", "NaN", "–"),
        ("signedRupees", 5, "+₹5.00"),
        ("signedRupees", -5, "−₹5.00"),
        ("signedRupees", 0, "₹0.00"),
        ("multiple", -1.005, "−1.01 R"),
        ("signedPercent", 0.5, "+0.50 %"),
        ("clock", "2026-10-06T04:00:05+00:00", "09:30:05"),
        ("clock", None, "–"),
        ("symbolOf", "NFO:NIFTY26OCTFUT", "NIFTY26OCTFUT"),
        ("words", "HARD_STOP", "Hard stop"),
        ("words", "TARGET1", "Target 1"),
        ("tone", -3, "loss"),
        ("tone", 0.001, ""),
    ],
)
def test_figures_and_names_are_written_as_in_india(
    function: str, value: Any, text: str, call: Call
):
    assert call("format", function, value) == text


@pytest.mark.parametrize(
    ("measured", "unit", "text"),
    [
        ("26000.5", "INR", "₹26,000.50"),
        ("2026-10-06T14:57:00+05:30", "time", "14:57:00"),
        (
            "2026-10-06T09:20:00+05:30 to 2026-10-06T14:55:00+05:30",
            "time",
            "09:20:00 to 14:55:00",
        ),
        ("3", "positions", "3"),
        ("0.00333333333", "of middle", "0.00333333"),
        ("no expiry", "days", "no expiry"),
    ],
)
def test_what_a_rule_measured_is_readable(measured: str, unit: str, text: str, call: Call):
    assert call("format", "ruleValue", measured, unit) == text


@pytest.mark.parametrize(
    ("sequence", "number", "meaning"),
    [(7, 8, "next"), (7, 7, "old"), (7, 3, "old"), (7, 9, "gap"), (7, 1, "gap"), (1, 1, "old")],
)
def test_a_number_out_of_turn_is_old_or_a_gap(sequence: int, number: int, meaning: str, call: Call):
    assert call("delta", "order", sequence, number) == meaning


def test_a_change_replaces_in_place_puts_new_entries_first_and_removes(call: Call):
    state = {"sequence": 1, "orders": [{"id": "b", "n": 1}, {"id": "a", "n": 1}], "kept": 5}
    orders = {"upsert": [{"id": "c", "n": 1}, {"id": "a", "n": 2}], "remove": ["b"]}

    after = call(
        "delta", "applied", state, {"sequence": 2, "changes": {"orders": orders, "bars": {}}}
    )

    assert after == {
        "sequence": 2,
        "orders": [{"id": "c", "n": 1}, {"id": "a", "n": 2}],
        "kept": 5,
    }


@pytest.mark.parametrize(
    ("percentage", "level"),
    [
        (None, "none"),
        (0, "green"),
        (49.99, "green"),
        (50, "amber"),
        (74.99, "amber"),
        (75, "red"),
        (120, "red"),
    ],
)
def test_a_gauge_turns_amber_at_50_and_red_at_75_percent(
    percentage: float | None, level: str, call: Call
):
    assert call("gauges", "level", percentage) == level


@pytest.mark.parametrize(
    ("used", "limit", "share"), [(5, 10, 50), ("-5", 10, 0), (5, 0, None), (None, 10, None)]
)
def test_a_share_needs_a_limit_and_is_never_below_0(
    used: Any, limit: Any, share: float | None, call: Call
):
    assert call("gauges", "share", used, limit) == share


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({}, "live"),
        ({"silentMs": 3000}, "live"),
        ({"silentMs": 3001}, "stale"),
        ({"silentMs": 9000, "state": {"run": {"state": "FINISHED"}}}, "idle"),
        ({"state": SILENT}, "engineless"),
        ({"state": SILENT, "silentMs": 3001}, "stale"),
        ({"state": {**SILENT, "run": {"state": "FINISHED"}}}, "idle"),
        ({"state": None}, "idle"),
        ({"socket": "closed", "polling": True}, "polling"),
        ({"socket": "closed"}, "down"),
        ({"socket": "closed", "signedOut": True}, "signed-out"),
    ],
)
def test_the_page_knows_how_it_stands(fields: dict[str, Any], standing: str, call: Call):
    facts = {
        "socket": "open",
        "polling": False,
        "signedOut": False,
        "state": {"run": {"state": "RUNNING"}},
        "silentMs": 100,
    }

    assert call("freshness", "standing", {**facts, **fields}) == standing


@pytest.mark.parametrize(
    ("silent", "told"),
    [
        (False, [True, "last price 09:30:00, 0.2 s old"]),
        (True, [False, "last price looked at 09:30:00"]),
    ],
)
def test_no_price_is_young_once_the_engine_is_silent(silent: bool, told: list[Any], call: Call):
    part = {"at": "2026-10-06T09:30:00+05:30", "age_s": 0.2}

    assert call("panels/health", "wellness", "feed", part, 0, silent) == told


@pytest.mark.parametrize(
    ("outlook", "told"),
    [
        (None, "–"),
        (
            {
                "max_loss": 9100,
                "max_profit": 3900.0,
                "break_evens": [24120, 24480.5],
                "probability_of_profit": 0.624,
            },
            "62 % in profit, loss ₹9,100, gain ₹3,900, even at 24,120.00 · 24,480.50",
        ),
        (
            {"max_loss": None, "max_profit": 10, "break_evens": [], "probability_of_profit": None},
            "chance unknown, loss without a known bound, gain ₹10",
        ),
    ],
)
def test_an_outlook_is_told_in_one_line(outlook: dict[str, Any] | None, told: str, call: Call):
    assert call("panels/positions", "outlookOf", outlook) == told


@pytest.mark.parametrize(
    ("left", "said", "in_doubt", "done", "words"),
    [
        ({"positions": 1, "orders": 2, "isFlat": False}, True, [], False, "1 position and 2"),
        (FLAT, False, [], False, "the engine has not said"),
        (FLAT, True, [], True, "Flat after 12 ms"),
        (FLAT, True, ["broker-book"], True, "not proven (broker-book)"),
    ],
)
def test_a_kill_is_done_only_where_it_is_proven(
    left: dict[str, Any], said: bool, in_doubt: list[str], done: bool, words: str, call: Call
):
    began = {"positions": 2, "orders": 2, "isFlat": False}

    told = call("kill", "progress", began, left, 12, said, in_doubt)

    assert told["isDone"] is done
    assert words in told["text"]
    assert (told["share"] == 1) is done


@pytest.mark.parametrize(
    ("state", "offer"),
    [
        ({"trading_state": "OPEN", "blocked_by": []}, "pause"),
        ({"trading_state": "REDUCE_ONLY", "blocked_by": ["data"]}, "pause"),
        ({"trading_state": "REDUCE_ONLY", "blocked_by": ["data", "operator"]}, "resume"),
        ({"trading_state": "HALTED", "blocked_by": ["kill-switch", "operator"]}, "unlock"),
    ],
)
def test_the_pause_button_offers_what_helps(state: dict[str, Any], offer: str, call: Call):
    assert call("facts", "offered", state) == offer


def test_flat_means_no_position_and_no_working_order(call: Call):
    held = {"positions": [{"quantity": 0, "state": "CLOSED"}], "orders": [{"state": "OPEN"}]}

    assert call("facts", "toFlat", held) == {"positions": 0, "orders": 1, "isFlat": False}
    assert call("facts", "toFlat", {}) == {"positions": 0, "orders": 0, "isFlat": True}


def test_bars_are_gathered_by_the_clock_of_india(call: Call):
    nine_fifteen = 1_791_258_300  # 2026-10-06 09:15 in India
    day = [[nine_fifteen + 60 * n, 10 + n, 20 + n, 5 - n, 11 + n, 100] for n in range(6)]

    rows = call("bars", "resampled", day, 5)

    assert [row["time"] % 86_400 for row in rows] == [9 * 3600 + 15 * 60, 9 * 3600 + 20 * 60]
    first = {name: rows[0][name] for name in ("open", "high", "low", "close", "volume")}
    assert first == {"open": 10, "high": 24, "low": 1, "close": 15, "volume": 500}


def test_a_newer_version_of_the_last_bar_replaces_it_and_an_old_bar_changes_nothing(call: Call):
    day = [[60, 1, 1, 1, 1, 1], [120, 2, 2, 2, 2, 2]]

    assert call("bars", "withBar", day, [120, 2, 3, 2, 3, 9])[-1] == [120, 2, 3, 2, 3, 9]
    assert len(call("bars", "withBar", day, [180, 3, 3, 3, 3, 3])) == 3
    assert call("bars", "withBar", day, [60, 9, 9, 9, 9, 9]) == day


def test_each_order_has_one_mark_and_the_last_exit_tells_the_reason(call: Call):
    fill = {"instrument": "NSE:TCS", "plan_id": "P1", "price": 1}
    state = {
        "fills": [
            {**fill, "client_id": "S", "side": "SELL", "quantity": 5, "at": "2026-10-06T10:00:00Z"},
            {**fill, "client_id": "E", "side": "BUY", "quantity": 3, "at": "2026-10-06T09:00:01Z"},
            {**fill, "client_id": "E", "side": "BUY", "quantity": 2, "at": "2026-10-06T09:00:00Z"},
        ],
        "orders": [
            {"client_id": "E", "role": "ENTRY"},
            {"client_id": "S", "role": "STOP", "reason": ""},
        ],
        "positions": [
            {
                "plan_id": "P1",
                "strategy": "opening_range",
                "exit_reason": "HARD_STOP",
                "closed_at": "2026-10-06T10:00:00Z",
                "r": -1.0,
                "direction": 1,
            }
        ],
    }

    found = call("bars", "marks", state, "NSE:TCS", 1)

    assert [mark["text"] for mark in found] == ["Long 5 · Opening range", "Hard stop −1.00 R"]
    assert [mark["isEntry"] for mark in found] == [True, False]
    assert call("bars", "marks", state, "NSE:INFY", 1) == []


def test_a_stop_is_drawn_where_it_rested_while_the_position_was_held(call: Call):
    minutes = [{"time": 19_800 + 60 * n, "span": 60} for n in range(6)]
    held = {"instrument": "X", "plan_id": "P1", "opened_at": "1970-01-01T00:01:10Z"}
    state = {"positions": [{**held, "closed_at": "1970-01-01T00:04:00Z"}]}

    path = call("bars", "stopPath", state, "X", minutes, {"P1": [[70, 90], [180, 95]]})

    assert [point.get("value") for point in path] == [None, 90, 90, 95, 95, None]


def test_a_moved_stop_becomes_a_step_and_an_unmoved_one_does_not(call: Call):
    position = {"instrument": "X", "plan_id": "P1", "opened_at": "1970-01-01T00:01:00Z"}
    state = {"at": "1970-01-01T00:05:00Z", "positions": [{**position, "stop": 95}]}

    assert call("bars", "withStops", {}, state, "X") == {"P1": [[60, 95]]}
    assert call("bars", "withStops", {"P1": [[60, 90]]}, state, "X")["P1"][-1] == [300, 95]
    assert call("bars", "withStops", {"P1": [[60, 95]]}, state, "X") == {"P1": [[60, 95]]}


def test_the_wait_before_another_attempt_grows_to_a_limit(call: Call):
    waits = [call("connection", "waitBefore", tries, 0.5) for tries in (0, 1, 2, 10)]

    assert waits == [500, 1000, 2000, 8000]


def test_the_curve_of_equity_ends_at_the_present_moment(call: Call):
    row = ["2026-10-06T09:16:00+05:30", 1_000_000, 0]
    state = {
        "at": "2026-10-06T09:16:30+05:30",
        "equity": [row],
        "account": {"equity": 1_000_250.5, "drawdown": 12.0},
    }

    present = [state["at"], 1_000_250.5, 12.0]
    assert call("panels/equity", "withPresent", state) == [row, present]
    assert call("panels/equity", "withPresent", {**state, "equity": []}) == []


def test_a_leg_is_shown_with_what_all_legs_of_its_plan_come_to(call: Call):
    held = [{"id": "P2", "combination": "P1"}, {"id": "P4", "combination": ""}]
    plans = [{"id": "P1", "net": 1234.5, "legs": ["P2", "P3"]}]

    leg, alone = call("facts", "withTogether", held, plans)

    assert leg["together"]["net"] == 1234.5
    assert alone["together"] is None
    assert call("facts", "withTogether", held, None)[0]["together"] is None
