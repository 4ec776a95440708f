"""The kill switch's dialog: where it opens, and what it says that it will close."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.desk import Desk

pytestmark = pytest.mark.browser

Look = Callable[..., Page]


def test_the_dialog_opens_on_its_button_so_that_holding_a_key_is_enough(
    desk: Desk, open_desk: Look
):
    page = open_desk()
    page.focus("#kill-open")

    page.keyboard.press("Enter")
    expect(page.locator("#kill-hold")).to_be_focused()
    page.keyboard.down("Space")
    wish = desk.wait_for_command()
    page.keyboard.up("Space")

    assert (wish.kind, wish.subject) == ("FLATTEN", "")


def test_the_button_names_the_scope_that_it_closes(desk: Desk, open_desk: Look):
    page = open_desk()
    page.click("#kill-open")
    what, hold = page.locator("#kill-what"), page.locator("#kill-hold")
    expect(hold).to_have_text("Hold one second to flatten everything")

    page.fill("#kill-scope", "strategy:opening_range")

    expect(hold).to_have_text("Hold one second to flatten strategy:opening_range")
    expect(what).to_contain_text("What strategy:opening_range holds will be closed")
    page.fill("#kill-scope", "")
    expect(hold).to_have_text("Hold one second to flatten everything")
    expect(what).to_contain_text("2 open positions")
    page.fill("#kill-scope", "underlying:NIFTY")
    page.click("#kill-cancel")
    page.click("#kill-open")
    expect(hold).to_have_text("Hold one second to flatten everything")
