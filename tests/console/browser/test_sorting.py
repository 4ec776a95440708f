"""Tables of the live page put in order by a press on a heading: by mouse, keys and touch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.browser.desk import Desk
from tests.console.browser.states import LONG, SHORT, at, order, position

pytestmark = pytest.mark.browser

Look = Callable[..., Page]
INFY = "NSE:INFY"


def names(page: Page, panel: str) -> Locator:
    return page.locator(f"#{panel} tbody > tr > .key")


def heading(page: Page, panel: str, label: str) -> Locator:
    return page.locator(f"#{panel}").get_by_role("columnheader", name=label, exact=True)


def press(page: Page, panel: str, label: str) -> None:
    heading(page, panel, label).get_by_role("button").click()


def held(**nets: float | None) -> list[dict[str, object]]:
    keys = {"TCS": LONG, "INFY": INFY, "NIFTY26OCTFUT": SHORT}
    return [position(f"P-{name}", keys[name], 1, net=net) for name, net in nets.items()]


def test_figures_are_put_in_order_largest_first_then_smallest_then_as_they_came(
    desk: Desk, open_desk: Look
):
    page = open_desk()
    desk.change(positions=held(INFY=-80.0, TCS=None, NIFTY26OCTFUT=1_200.0))
    rows, profit = names(page, "open-positions"), heading(page, "open-positions", "P&L")
    expect(rows).to_have_text(["INFY", "TCS", "NIFTY26OCTFUT"])

    press(page, "open-positions", "P&L")
    expect(profit).to_have_attribute("aria-sort", "descending")
    expect(rows).to_have_text(["NIFTY26OCTFUT", "INFY", "TCS"])

    press(page, "open-positions", "P&L")
    expect(profit).to_have_attribute("aria-sort", "ascending")
    expect(rows).to_have_text(["INFY", "NIFTY26OCTFUT", "TCS"])

    press(page, "open-positions", "P&L")
    expect(page.locator("#open-positions [aria-sort]")).to_have_count(0)
    expect(rows).to_have_text(["INFY", "TCS", "NIFTY26OCTFUT"])


def test_a_chosen_order_is_kept_while_figures_move_and_so_is_what_is_open_and_has_the_focus(
    desk: Desk, open_desk: Look
):
    page = open_desk()
    desk.change(positions=held(INFY=50.0, TCS=10.0))
    press(page, "open-positions", "P&L")
    first = page.locator("#open-positions .open").first
    first.click()
    expect(first).to_be_focused()

    desk.change(positions=held(INFY=50.0, TCS=90.0))

    expect(names(page, "open-positions")).to_have_text(["TCS", "INFY"])
    beneath = page.locator("#open-positions tbody > tr").nth(2)
    expect(beneath).to_have_class("beneath")
    expect(page.get_by_role("button", name="Hide details")).to_be_focused()


def test_a_heading_is_reached_and_pressed_by_keyboard(desk: Desk, open_desk: Look):
    page = open_desk()
    desk.change(
        orders=[
            order("A1", "P1", "ENTRY", "FILLED", instrument=LONG, price=99.5),
            order("A2", "P1", "STOP", "OPEN", instrument=INFY, price=1_010.0),
            order("A3", "P1", "ENTRY", "CANCELLED", instrument=SHORT, price=None),
        ]
    )
    price = heading(page, "orders", "Price").get_by_role("button")

    heading(page, "orders", "Filled").get_by_role("button").focus()
    page.keyboard.press("Tab")
    expect(price).to_be_focused()
    page.keyboard.press("Enter")
    expect(names(page, "orders")).to_have_text(["INFY", "TCS", "NIFTY26OCTFUT"])
    page.keyboard.press("Space")
    expect(names(page, "orders")).to_have_text(["TCS", "INFY", "NIFTY26OCTFUT"])
    expect(price).to_be_focused()


def test_opinions_are_put_in_order_by_the_answer_and_another_heading_takes_over(
    desk: Desk, open_desk: Look
):
    page = open_desk()
    expect(names(page, "signals")).to_have_text(["INFY", "TCS"])

    press(page, "signals", "Answer")
    expect(names(page, "signals")).to_have_text(["TCS", "INFY"])
    press(page, "signals", "Instrument")

    expect(names(page, "signals")).to_have_text(["INFY", "TCS"])
    told = page.locator("#signals [aria-sort]")
    expect(told).to_have_count(1)
    expect(told).to_have_text("Instrument")


def test_what_closed_today_is_put_in_order_by_when_it_opened(desk: Desk, open_desk: Look):
    page = open_desk()
    over = {"quantity": 0, "state": "CLOSED", "exit_reason": "TIME"}
    early = {"opened_at": at("09:20:00"), "closed_at": at("10:20:00")}
    late = {"opened_at": at("09:50:00"), "closed_at": at("10:00:00")}
    first = position("P1", LONG, 1, **over, **early)
    desk.change(positions=[first, position("P2", INFY, 1, **over, **late)])
    expect(names(page, "closed-positions")).to_have_text(["TCS", "INFY"])

    press(page, "closed-positions", "Opened")

    expect(names(page, "closed-positions")).to_have_text(["INFY", "TCS"])


def test_on_a_phone_the_headings_are_a_strip_above_the_cards(desk: Desk, open_desk: Look):
    page = open_desk(viewport={"width": 390, "height": 844}, has_touch=True)
    desk.change(positions=held(INFY=-80.0, TCS=10.0))
    expect(names(page, "open-positions")).to_have_text(["INFY", "TCS"])

    profit = heading(page, "open-positions", "P&L").get_by_role("button")
    profit.scroll_into_view_if_needed()
    profit.tap()

    expect(names(page, "open-positions")).to_have_text(["TCS", "INFY"])
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_strikes_keep_their_order(desk: Desk, open_desk: Look):
    open_desk().wait_for_function("document.querySelector('#chain table') !== null")
    page = open_desk()

    expect(page.locator("#chain .sort")).to_have_count(0)
