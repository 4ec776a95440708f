"""A whole desk at work, watched and told what to do from a browser, in the order of its day."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backoffice.permissions import Role
from tests.console.browser.conftest import PASSWORD
from tests.console.browser.running_desk import RunningDesk, running_desk
from tests.console.browser.test_desk import CONTROLS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SignIn = Callable[..., Page]
DAY = ("--day", "synthetic:15", "--speed", "120", "--from", "09:25")
"""Two minutes a second. The first position is opened at 09:42 and closed at 10:02."""
FIRST = "HDFCBANK"
PATIENCE_MS = 60_000
FORMS = ("pause", "resume", "flatten", "unlock", "close", "release")
ENDPOINTS = (
    "mode",
    "pause",
    "resume",
    "flatten",
    "unlock",
    "universe/reload",
    "strategies/reload",
    "positions/00000000-0000-4000-8000-000000000000/close",
    "backtest",
    "config",
    "config/1/activate",
)
SHOWN_BEHIND = """before => document.getElementById("desk-clock").textContent > before"""
POST_FORM = """async (wish) => (await fetch(`/live/${wish}/`, {
    method: "POST",
    headers: {
        "Accept": "application/json",
        "X-CSRFToken": document.cookie.split("csrftoken=")[1].split(";")[0],
    },
    body: new URLSearchParams({reason: "mine", position: "P000001"}),
})).status"""
POST_API = """async ([name, password, endpoints]) => {
    const post = (path, body, headers) => fetch(`/api/v1/${path}`, {
        method: "POST",
        headers: {"Content-Type": "application/json", ...headers},
        body: JSON.stringify(body),
    });
    const answer = await post("auth/token", {username: name, password});
    const {access} = await answer.json();
    const bearer = {Authorization: `Bearer ${access}`};
    const found = {};
    for (const path of endpoints) {
        found[path] = (await post(path, {reason: "mine", mode: "LIVE"}, bearer)).status;
    }
    return found;
}"""


@pytest.fixture(scope="module")
def desk() -> Iterator[RunningDesk]:
    with running_desk(*DAY) as at_work:
        yield at_work


@pytest.fixture
def page(desk: RunningDesk, sign_in: SignIn) -> Page:
    """Return the desk's page, signed in as the person that the terminal names."""
    return sign_in(desk.url, *desk.login())


def shown(page: Page) -> dict[str, int]:
    """Return how much of the day the page shows."""
    ids = ("signal-count", "order-count", "open-count", "closed-count")
    return {one: int(page.inner_text(f"#{one}")) for one in ids}


def recorded(desk: RunningDesk) -> dict[str, int]:
    """Return how much of the day the desk's rows tell, under the page's names."""
    return {
        "signal-count": desk.count("signal"),
        "order-count": desk.count("order"),
        "open-count": desk.count("position", "quantity <> 0"),
        "closed-count": desk.count("position", "quantity = 0 AND opened_quantity > 0"),
    }


def test_a_signal_is_seen_to_become_a_position_and_to_close(desk: RunningDesk, page: Page):
    expect(page.locator("#mode")).to_have_text("PAPER")
    expect(page.locator("#connection")).to_have_text("Live")
    assert desk.count("position", "opened_quantity > 0") == 0
    rows = {
        name: page.locator(f"#{name} tbody > tr").filter(has_text=FIRST)
        for name in ("signals", "open-positions", "orders", "closed-positions")
    }

    expect(rows["signals"].first).to_contain_text("Approved", timeout=PATIENCE_MS)
    expect(rows["open-positions"]).to_contain_text("Long")
    expect(rows["orders"].filter(has_text="Entry")).to_contain_text("Filled")
    expect(rows["orders"].filter(has_text="Stop")).to_contain_text("Open")
    expect(rows["closed-positions"]).to_contain_text("Time", timeout=PATIENCE_MS)
    expect(rows["open-positions"]).to_have_count(0)
    expect(page.locator("#strategies")).to_contain_text("Opening range")
    expect(page.locator("#health")).not_to_contain_text("Down")


def test_the_option_chain_and_the_reasons_come_from_the_desk_s_own_rows_and_prices(page: Page):
    page.locator("#chain-panel").scroll_into_view_if_needed()
    expect(page.locator("#chain [data-tone='atm']")).to_have_count(1, timeout=PATIENCE_MS)
    expect(page.locator("#chain-choice option")).to_have_count(3)
    expect(page.locator("#chain-note")).to_have_text("")
    before = page.inner_text("#chain-at")
    expect(page.locator("#chain-at")).not_to_have_text(before, timeout=PATIENCE_MS)

    page.locator("#signals .open").first.click()
    why = page.locator("#signals .why-told")
    expect(why).to_contain_text("worked out again from what is stored", timeout=PATIENCE_MS)
    expect(why).to_contain_text("every number is the same to the last bit")


def test_a_paused_desk_refuses_what_it_would_enter_and_goes_on_when_resumed(
    desk: RunningDesk, page: Page
):
    page.click("#pause")
    expect(page.locator("#trading-state")).to_have_text("Paused")
    expect(page.locator("#notices")).to_contain_text("Pause: done.")
    paused_at = page.inner_text("#desk-clock")
    raised = page.locator("#signals tbody > tr").first
    expect(raised.locator("td.n").first).not_to_have_text(
        page.locator("#signals tbody > tr td.n").first.inner_text(), timeout=PATIENCE_MS
    )
    assert raised.locator("td.n").first.inner_text() >= paused_at
    expect(raised).to_contain_text("Refused")
    expect(raised).to_contain_text("Trading state")

    page.click("#pause")
    expect(page.locator("#trading-state")).to_have_text("Trading")
    told = [(kind, state) for kind, state, _ in desk.commands()]
    assert told == [("PAUSE", "DONE"), ("RESUME", "DONE")]


def test_a_viewer_of_the_running_desk_has_no_control_and_gets_403_for_each(
    desk: RunningDesk, sign_in: SignIn
):
    desk.add(Role.VIEWER, PASSWORD)
    page = sign_in(desk.url, Role.VIEWER.value, PASSWORD)
    before = desk.commands()

    expect(page.locator("#signals tbody > tr").first).to_be_visible()
    for control in CONTROLS:
        expect(page.locator(control)).to_have_count(0)
    assert {wish: page.evaluate(POST_FORM, wish) for wish in FORMS} == dict.fromkeys(FORMS, 403)
    answers: dict[str, Any] = page.evaluate(
        POST_API, [Role.VIEWER.value, PASSWORD, list(ENDPOINTS)]
    )
    assert answers == dict.fromkeys(ENDPOINTS, 403)
    assert desk.commands() == before


def test_a_killed_web_process_comes_back_and_the_page_has_missed_nothing(
    desk: RunningDesk, page: Page
):
    page.evaluate("window.loadedOnce = true")
    at_death = page.inner_text("#desk-clock")
    first = desk.harm("web", signal.SIGKILL)

    expect(page.locator("#banner")).to_contain_text("cannot be reached", timeout=10_000)
    expect(page.locator("#connection")).to_have_text(re.compile("Offline|Reconnecting"))
    expect(page.locator("#connection")).to_have_text("Live", timeout=PATIENCE_MS)
    expect(page.locator("#banner")).to_be_hidden()
    page.wait_for_function(SHOWN_BEHIND, arg=at_death)

    desk.wait_until("the page to show what is recorded", lambda: shown(page) == recorded(desk))
    assert desk.processes()["web"] != first
    assert page.evaluate("window.loadedOnce")
