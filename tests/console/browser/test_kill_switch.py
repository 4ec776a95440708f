"""The kill switch of a running desk at the market's own speed, with every kind of order at work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.running_desk import RunningDesk, running_desk
from tests.console.browser.thin_day import BY_THE_UNIT, NOT_AT_ALL, thin_day
from tests.integration.live_desk import open_folder

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HURRY_TO = "10:56:50"
DEADLINE_MS = 2_000
"""What the product promises at the market's own speed; a deadline, not a measurement."""
WORKING = "state NOT IN ('FILLED', 'CANCELLED', 'REJECTED')"
FILLS = """
SELECT coalesce(sum(CASE o.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END), 0)
FROM trading_fill f JOIN trading_order o ON o.id = f.order_id
"""


@pytest.fixture
def desk() -> Iterator[RunningDesk]:
    with open_folder() as folder:
        day = ("--day", str(thin_day(folder)))
        with running_desk(*day, "--speed", "1", "--from", HURRY_TO) as at_work:
            yield at_work


def test_open_pending_and_partly_filled_orders_are_flat_within_two_seconds(
    desk: RunningDesk, sign_in: Callable[..., Page]
):
    page = sign_in(desk.url, *desk.login())
    orders = page.locator("#orders tbody > tr")
    scarce, gone = orders.filter(has_text=BY_THE_UNIT), orders.filter(has_text=NOT_AT_ALL)
    partly = scarce.filter(has_text="Entry")
    expect(partly).to_contain_text("Partial", timeout=60_000)
    expect(partly).to_contain_text(re.compile(r"LIMIT([3-9]|\d\d) / 137"), timeout=20_000)
    expect(gone.filter(has_text="Entry")).to_contain_text(re.compile(r"LIMIT0 / \d+.*Open"))
    expect(scarce.filter(has_text="Stop")).to_contain_text("Open")
    expect(page.locator("#open-positions tbody > tr")).to_contain_text(BY_THE_UNIT)
    expect(page.locator("#working-count")).to_have_text("3")

    page.click("#kill-open")
    page.fill("#kill-word", "FLAT")
    page.press("#kill-word", "Enter")
    expect(page.locator("#kill-status")).to_contain_text("Flat after", timeout=20_000)

    took = re.search(r"after ([\d,]+) ms", page.inner_text("#kill-status"))
    assert took is not None
    assert int(took[1].replace(",", "")) <= DEADLINE_MS
    expect(page.locator("#working-count")).to_have_text("0")
    expect(page.locator("#open-count")).to_have_text("0")
    expect(page.locator("#closed-positions")).to_contain_text("Kill")
    desk.wait_until("the rows", lambda: desk.count("order", WORKING) == 0)
    assert desk.count("position", "quantity <> 0") == 0
    assert desk.query(FILLS) == [(0,)]
    assert [(kind, state) for kind, state, _ in desk.commands()] == [("FLATTEN", "DONE")]
