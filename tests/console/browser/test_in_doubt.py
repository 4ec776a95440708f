"""What the page says while it doesn't know: a silent engine, a desk that only looks flat."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.desk import Desk
from tests.console.browser.states import flat

pytestmark = pytest.mark.browser

Look = Callable[..., Page]


def test_a_silent_engine_behind_a_fresh_page_is_told_in_bar_and_banner(desk: Desk, open_desk: Look):
    page = open_desk()
    expect(page.locator("#trading-state")).to_have_text("Trading")

    desk.change(health={**desk.state["health"], "engine": {"heartbeat_at": None, "ok": False}})

    expect(page.locator("#trading-state")).to_have_text("No engine; was Trading")
    expect(page.locator("#connection")).to_have_text("No engine")
    expect(page.locator("#banner")).to_contain_text("The engine gives no sign of life")
    feed = page.locator("#health li").filter(has_text="Feed")
    expect(feed).to_contain_text("Look here")


def test_a_flat_page_is_no_flat_desk_until_the_engine_says_so(desk: Desk, open_desk: Look):
    held = flat(desk.state, reason="TARGET2")
    desk.change(**{**held, "trading_state": "OPEN", "blocked_by": []})
    page = open_desk()
    page.click("#kill-open")
    page.fill("#kill-word", "FLAT")
    page.press("#kill-word", "Enter")
    status = page.locator("#kill-status")

    wish = desk.wait_for_command()
    expect(status).to_contain_text("the engine has not said that it is flat")
    desk.change(trading_state="HALTED", blocked_by=["broker-book", "kill-switch"])
    expect(status).to_contain_text("the engine has not said that it is flat")
    desk.answer(wish)

    expect(status).to_contain_text("not proven (broker-book)")


def test_a_stop_nobody_has_confirmed_is_no_cover(desk: Desk, open_desk: Look):
    page = open_desk()
    first, second = desk.state["positions"]
    waiting = {**first, "protected": 66, "confirmed": 0}
    desk.change(positions=[waiting, {**second, "protected": 66, "confirmed": 66}])

    cells = page.locator("#open-positions tbody > tr td").filter(has_text="/66")
    expect(cells).to_have_text(["0/66", "66/66"])
    expect(cells.first).to_have_attribute("data-tone", "loss")
    expect(cells.first).to_have_attribute("title", re.compile("66 more asked for"))
