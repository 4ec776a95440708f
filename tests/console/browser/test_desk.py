"""The live page in a real browser: what it shows, how it keeps up, and its controls."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from backoffice.permissions import Role
from tests.console.browser.conftest import WebProcess
from tests.console.browser.desk import Desk
from tests.console.browser.states import LONG, account, at, flat, position

pytestmark = pytest.mark.browser

Look = Callable[..., Page]
CONTROLS = (
    *("#pause", "#kill-open", "#kill-dialog", "#close-dialog", "#again-dialog"),
    *("#open-positions .small", "#aside .small"),
)
OPEN_ROWS = "#open-positions tbody > tr"
FOCUSED = """() => {
    const one = document.activeElement;
    return [one.id, one.tagName, getComputedStyle(one).outlineStyle];
}"""
IS_DOWN = """() => document.getElementById('connection').dataset.standing !== 'live'"""


def text_of(page: Page, selector: str) -> str:
    return page.inner_text(selector)


def test_after_signing_in_the_whole_desk_is_on_the_page(desk: Desk, open_desk: Look):
    page = open_desk()

    expect(page.locator("#mode")).to_have_text("PAPER")
    expect(page.locator("#desk-clock")).to_have_text("10:30:00")
    expect(page.locator("#speed")).to_have_text("60×")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#account .figure").first).to_contain_text("₹10,00,388.02")
    expect(page.locator("#day-profit")).to_have_text("+₹388.02")
    expect(page.locator(OPEN_ROWS)).to_have_count(2)
    expect(page.locator(OPEN_ROWS).nth(1)).to_contain_text("TCS")
    expect(page.locator("#strategies")).to_contain_text("75 %")
    expect(page.locator("#health")).to_contain_text("last price 10:30:00")
    expect(page.locator("#events")).to_contain_text("nothing blocks entries")


def test_gauges_tell_their_level_in_words_and_to_screen_readers(desk: Desk, open_desk: Look):
    page = open_desk()

    levels = page.locator("#gauges .gauge").evaluate_all("all => all.map(g => g.dataset.level)")
    assert levels == ["amber", "green", "green", "red"]
    expect(page.get_by_role("meter", name="Heat")).to_have_attribute(
        "aria-valuetext", "60 %, elevated"
    )
    expect(page.locator("#gauges")).to_contain_text("80 % · near the limit")


def test_changes_arrive_without_reloading_the_page(desk: Desk, open_desk: Look):
    page = open_desk()

    moved = position("P1", LONG, 1, last=3020.0, net=491.01, r=1.03)
    desk.change(
        at=at("10:31:00"),
        positions=[moved, desk.state["positions"][0]],
        account=account(day_profit=-24_000.0),
    )

    expect(page.locator("#desk-clock")).to_have_text("10:31:00")
    expect(page.locator("#open-positions")).to_contain_text("+₹491.01")
    expect(page.locator("#open-positions")).to_contain_text("+1.03 R")
    expect(page.locator("#day-profit")).to_have_text("−₹24,000.00")
    expect(page.get_by_role("meter", name="Daily loss")).to_have_attribute(
        "aria-valuetext", "96 %, near the limit"
    )


def test_the_screen_shows_a_change_within_a_second(desk: Desk, open_desk: Look):
    page, took = open_desk(), []

    for reason, words in (("data", "Reduce only: data"), ("operator", "Paused")) * 3:
        began = time.monotonic()
        desk.change(trading_state="REDUCE_ONLY", blocked_by=[reason])
        expect(page.locator("#trading-state")).to_have_text(words, timeout=60_000)
        took.append(time.monotonic() - began)

    assert min(took) < 1.0


def test_a_lost_change_is_noticed_and_the_whole_state_asked_for(desk: Desk, open_desk: Look):
    page = open_desk()

    desk.change_unheard(at=at("11:00:00"))
    desk.change(trading_state="REDUCE_ONLY", blocked_by=["operator"])

    expect(page.locator("#desk-clock")).to_have_text("11:00:00")
    expect(page.locator("#trading-state")).to_have_text("Paused")
    expect(page.locator("#pause")).to_have_text("Resume")


def test_silence_in_a_running_session_is_told_as_stale_and_goes_when_news_comes(
    desk: Desk, open_desk: Look
):
    page = open_desk()
    expect(page.locator("#banner")).to_be_hidden()

    desk.hush()
    expect(page.locator("#banner")).to_contain_text("No change for", timeout=8_000)
    expect(page.locator("#connection")).to_contain_text("Stale")

    desk.change(at=at("10:45:00"))
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#desk-clock")).to_have_text("10:45:00")


def test_a_finished_session_is_never_stale(desk: Desk, open_desk: Look):
    page = open_desk()
    desk.change(run={**desk.state["run"], "state": "FINISHED"})
    desk.hush()

    page.wait_for_timeout(4_500)

    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#trading-state")).to_have_text("Session finished")


def test_a_signal_tells_what_made_its_score_and_what_each_rule_measured(
    desk: Desk, open_desk: Look
):
    page = open_desk()
    row = page.locator("#signals tbody > tr").first
    expect(row).to_contain_text("Refused")
    expect(row).to_contain_text("Daily loss: ₹26,000.50, allowed ₹25,000.00")

    row.get_by_role("button", name="Show details").press("Enter")

    detail = page.locator("#signals .beneath")
    expect(detail).to_contain_text("+0.143")
    expect(detail).to_contain_text("× 0.70 Wide spread: measured 0.004, threshold 0.003")
    failed = detail.locator(".failed")
    expect(failed).to_have_count(2)
    expect(failed.nth(1)).to_contain_text("14:57:00")
    expect(failed.nth(1)).to_contain_text("09:20:00 to 14:55:00")


def test_an_order_tells_its_life(desk: Desk, open_desk: Look):
    page = open_desk()

    page.locator("#orders .open").first.click()

    expect(page.locator("#orders .life li")).to_have_count(2)
    expect(page.locator("#orders .life")).to_contain_text("09:43:01")
    expect(page.locator("#orders .life li").first).to_contain_text("price 3,012.20")


def test_an_opened_row_stays_open_and_focused_while_the_desk_moves(desk: Desk, open_desk: Look):
    page = open_desk()
    button = page.locator("#signals .open").first
    button.focus()
    button.press("Enter")

    fresh = {**desk.state["signals"][1], "id": "S3", "signal_id": "S3", "at": at("10:31:00")}
    desk.change(signals=[fresh, *desk.state["signals"]])

    expect(page.locator("#signals > table > tbody > tr")).to_have_count(4)
    expect(page.locator("#signals .beneath")).to_contain_text("Daily loss")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"


def test_the_chart_draws_the_day_and_follows_its_newest_bar(desk: Desk, open_desk: Look):
    minute = 1_791_000_000 // 60 * 60
    day = [[minute + 60 * n, 3010.0, 3016.0, 3008.0, 3012.0 + n, 900.0] for n in range(5)]
    desk.bars(LONG, day)
    page = open_desk()

    page.select_option("#instrument", LONG)
    chart = page.locator("#chart")
    expect(chart).to_have_attribute("aria-label", re.compile("TCS, 5 bars, last 3,016.00"))
    desk.change(bars={LONG: [[minute + 300, 3016.0, 3030.0, 3015.0, 3025.5, 100.0]]})

    expect(chart).to_have_attribute("aria-label", re.compile("TCS, 6 bars, last 3,025.50"))
    page.select_option("#minutes", "5")
    expect(chart).to_have_attribute("aria-label", re.compile("TCS, [12] bars"))


def test_pause_and_resume_are_asked_for_and_their_outcome_told(desk: Desk, open_desk: Look):
    page = open_desk()

    page.click("#pause")
    wish = desk.wait_for_command()
    desk.answer(wish)
    desk.change(trading_state="REDUCE_ONLY", blocked_by=["operator"])
    expect(page.locator("#notices")).to_contain_text("Pause: done.")
    expect(page.locator("#pause")).to_have_text("Resume")
    assert (wish.kind, wish.issued_by) == ("PAUSE", "operator")

    page.click("#pause")
    wish = desk.wait_for_command()
    desk.answer(wish, "REFUSED", "the desk is locked")
    expect(page.locator("#notices")).to_contain_text("Resume: refused, the desk is locked.")
    assert wish.kind == "RESUME"


def test_a_position_is_closed_after_a_second_look(desk: Desk, open_desk: Look):
    page = open_desk()

    page.get_by_role("button", name="Close TCS").click()
    expect(page.locator("#close-what")).to_contain_text("Long 66 TCS")
    assert desk.commands() == []
    page.fill("#close-reason", "enough")
    page.click("#close-dialog .danger")

    # The rows know nothing of the position that only the page's state tells of.
    expect(page.locator("#notices")).to_contain_text("position P1: not open")


def test_the_kill_switch_works_by_keyboard_with_the_socket_cut_and_tells_the_way_to_flat(
    desk: Desk, open_desk: Look
):
    page = open_desk(Role.OPERATOR)
    _cut_the_socket(page)

    page.focus("#kill-open")
    page.keyboard.press("Enter")
    expect(page.locator("#kill-what")).to_contain_text("2 open positions")
    expect(page.locator("#kill-send")).to_be_disabled()
    page.focus("#kill-word")
    page.keyboard.type("flat")
    page.keyboard.press("Enter")
    wish = desk.wait_for_command()
    expect(page.locator("#kill-status")).to_contain_text("2 positions and 1 working order left")
    desk.change(**flat(desk.state, reason="KILL"))
    desk.answer(wish)

    expect(page.locator("#kill-status")).to_contain_text(re.compile(r"Flat after [\d,]+ ms"))
    assert (wish.kind, wish.reason) == ("FLATTEN", "kill switch")
    assert len(desk.commands()) == 1


def test_the_kill_switch_is_not_used_by_a_short_press_and_is_by_a_long_one(
    desk: Desk, open_desk: Look
):
    page = open_desk()
    page.click("#kill-open")
    button = page.locator("#kill-hold")

    button.click(delay=300)
    page.wait_for_timeout(1_200)
    assert desk.commands() == []

    button.focus()
    page.keyboard.down("Space")
    wish = desk.wait_for_command()
    page.keyboard.up("Space")
    assert wish.kind == "FLATTEN"


def test_after_a_kill_the_desk_is_unlocked_by_pressing_twice(desk: Desk, open_desk: Look):
    page = open_desk()
    desk.change(**flat(desk.state, reason="KILL"))
    expect(page.locator("#pause")).to_have_text("Unlock")

    page.click("#pause")
    expect(page.locator("#pause")).to_have_text("Unlock: sure?")
    assert desk.commands() == []
    page.click("#pause")

    assert desk.wait_for_command().kind == "UNLOCK"


def test_a_wish_without_a_running_session_is_refused_in_words(desk: Desk, open_desk: Look):
    page = open_desk()
    desk.end_run()

    page.click("#kill-open")
    page.fill("#kill-word", "FLAT")
    page.click("#kill-send")

    expect(page.locator("#kill-status")).to_contain_text("no running session to ask")


def test_a_viewer_sees_the_desk_but_no_control_and_gets_403_for_each(desk: Desk, open_desk: Look):
    page = open_desk(Role.VIEWER)

    expect(page.locator(OPEN_ROWS)).to_have_count(2)
    for control in CONTROLS:
        expect(page.locator(control)).to_have_count(0)
    asked = """async (wish) => (await fetch(`/live/${wish}/`, {
        method: "POST",
        headers: {
            "Accept": "application/json",
            "X-CSRFToken": document.cookie.split("csrftoken=")[1].split(";")[0],
        },
        body: new URLSearchParams({reason: "mine", position: "P1"}),
    })).status"""
    wishes = ("pause", "resume", "flatten", "unlock", "close", "release")
    assert [page.evaluate(asked, wish) for wish in wishes] == [403] * 6
    assert desk.commands() == []


def test_a_restarted_web_process_is_found_again_without_reloading(
    desk: Desk, open_desk: Look, web: WebProcess
):
    page = open_desk()
    page.evaluate("window.loadedOnce = true")

    web.kill()
    expect(page.locator("#connection")).to_have_text("Offline", timeout=8_000)
    expect(page.locator("#banner")).to_contain_text("cannot be reached")
    web.start()
    desk.change(at=at("12:00:00"))

    expect(page.locator("#connection")).to_have_text("Live", timeout=20_000)
    expect(page.locator("#desk-clock")).to_have_text("12:00:00")
    assert page.evaluate("window.loadedOnce")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_fits_its_screen_in_both_themes(
    width: int, scheme: str, desk: Desk, open_desk: Look
):
    page = open_desk(Role.OPERATOR, viewport={"width": width, "height": 844}, color_scheme=scheme)
    expect(page.locator(OPEN_ROWS)).to_have_count(2)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in re.findall(r"\d+", ground)) < 200) == (scheme == "dark")
    for always in ("#mode", "#desk-clock", "#connection", "#kill-open"):
        expect(page.locator(always)).to_be_in_viewport()
    page.mouse.wheel(0, 3_000)
    for always in ("#mode", "#desk-clock", "#connection", "#kill-open"):
        expect(page.locator(always)).to_be_in_viewport()


def test_a_chosen_theme_is_remembered(desk: Desk, open_desk: Look):
    page = open_desk(Role.VIEWER, color_scheme="light")

    page.click(".person summary")
    page.click("#theme")
    page.reload()

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_every_control_is_reached_by_tab_with_a_visible_focus(desk: Desk, open_desk: Look):
    page = open_desk()
    wanted = {"pause", "kill-open", "instrument", "minutes"}

    seen, unmarked = set(), []
    for _ in range(40):
        page.keyboard.press("Tab")
        name, tag, outline = page.evaluate(FOCUSED)
        seen.add(name)
        if outline == "none" and tag != "BODY":
            unmarked.append((tag, name))

    assert unmarked == []
    assert wanted <= seen


def _cut_the_socket(page: Page) -> None:
    """Let no socket open any more; the page goes on by plain requests."""
    page.context.route_web_socket("**/ws/live/", lambda line: line.close())
    page.reload()
    page.wait_for_selector("body[data-sequence]")
    page.wait_for_function(IS_DOWN)
    expect(page.locator("#connection")).to_have_text("Reconnecting")
