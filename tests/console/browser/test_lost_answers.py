"""What the page says where a wish was sent and its answer is late, lost, or none of the desk's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.browser.desk import Desk

pytestmark = pytest.mark.browser

Look = Callable[..., Page]
UNPROVEN = "Whether it was asked for is not known."


def kill(page: Page) -> None:
    page.click("#kill-open")
    page.fill("#kill-word", "FLAT")
    page.press("#kill-word", "Enter")


def test_a_kill_whose_answer_is_lost_is_not_told_as_never_asked_for(desk: Desk, open_desk: Look):
    def lose(route: Route) -> None:
        assert route.fetch().status == 202
        route.abort("connectionreset")

    page = open_desk()
    page.route("**/live/flatten/", lose)

    kill(page)

    expect(page.locator("#kill-status")).to_contain_text(f"cannot be reached. {UNPROVEN}")
    expect(page.locator("#kill-status")).to_contain_text("make kill")
    assert desk.wait_for_command().kind == "FLATTEN"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (502, "Bad gateway", f"The desk answered 502. {UNPROVEN}"),
        (200, "<p>Sign in</p>", f"The desk answered 200. {UNPROVEN}"),
        (202, '{"id": ', f"The desk answered 202. {UNPROVEN}"),
        (413, "Too large", "The desk answered 413. Nothing was asked for."),
        (409, '{"error": "no session is running"}', "no session is running"),
    ],
)
def test_only_a_refusal_proves_that_nothing_was_asked_for(
    status: int, body: str, told: str, desk: Desk, open_desk: Look
):
    page = open_desk()
    page.route("**/live/flatten/", lambda route: route.fulfill(status=status, body=body))

    kill(page)

    expect(page.locator("#kill-status")).to_contain_text(told)
    expect(page.locator("#kill-cancel")).to_be_enabled()


def test_a_late_answer_is_waited_for_and_the_way_without_the_page_is_named(
    desk: Desk, open_desk: Look
):
    held: list[Route] = []
    page = open_desk()
    page.route("**/live/flatten/", lambda route: held.append(route))

    kill(page)

    note = page.locator("#kill-note")
    expect(note).to_contain_text("has not answered yet; whether", timeout=10_000)
    expect(note).to_contain_text("make kill")
    held[0].continue_()
    assert desk.wait_for_command().kind == "FLATTEN"
    expect(page.locator("#kill-status")).to_contain_text("2 positions")
    expect(note).not_to_contain_text("make kill")
