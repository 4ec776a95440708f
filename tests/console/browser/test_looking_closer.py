"""Looking closer in a real browser: why, the option chain, and what waits to be allowed again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from backoffice.permissions import Role
from tests.console.browser.desk import Desk
from tests.console.browser.states import aside, at, chain, option
from trading.explanation import explained
from trading.models import Signal

pytestmark = pytest.mark.browser

Look = Callable[..., Page]
CHAINS = [
    {"underlying": "NIFTY", "expiry": "2026-10-13"},
    {"underlying": "BANKNIFTY", "expiry": "2026-10-27"},
]


def test_a_signal_tells_in_words_why_it_stood_where_it_stood_and_what_became_of_it(
    desk: Desk, open_desk: Look, tmp_path: Path
):
    desk.record(tmp_path / "day.journal")
    page = open_desk(Role.VIEWER)
    expected = desk.ask_rows(
        lambda: list(explained(Signal.objects.get(run=desk.run, code="S1")).lines)
    )

    page.locator("#signals tbody > tr").nth(1).get_by_role("button", name="Show details").click()

    lines = page.locator("#signals .beneath .words li")
    expect(lines).to_have_count(len(expected))
    assert lines.all_inner_texts() == [line.strip() for line in expected]
    assert any(line.startswith("approved (") for line in expected)


def test_an_open_position_tells_why_it_was_entered_and_keeps_telling_while_prices_move(
    desk: Desk, open_desk: Look, tmp_path: Path
):
    desk.record(tmp_path / "day.journal")
    page = open_desk()
    page.locator("#open-positions .open").first.click()
    told = page.locator("#open-positions .beneath .words li").first
    expect(told).to_contain_text("S1: opening-range LONG")
    page.evaluate("window.line = document.querySelector('#open-positions .words li')")

    moved = [{**one, "last": 3_016.0} for one in desk.state["positions"]]
    desk.change(positions=moved)

    expect(page.locator("#open-positions")).to_contain_text("3,016.00")
    assert page.evaluate("window.line.isConnected")


def test_an_opinion_the_rows_do_not_know_yet_is_said_to_be_unknown(desk: Desk, open_desk: Look):
    page = open_desk()

    page.locator("#signals .open").first.click()

    expect(page.locator("#signals .beneath .why-told")).to_contain_text("signal 'S2': unknown")


def test_without_options_there_is_no_chain_on_the_page(desk: Desk, open_desk: Look):
    page = open_desk()

    expect(page.locator("#chain-panel")).to_be_hidden()


def test_the_chain_shows_strikes_around_the_money_and_what_they_say_together(
    desk: Desk, open_desk: Look
):
    desk.chain(chain("NIFTY", "2026-10-13"))
    page = open_desk(Role.VIEWER)

    desk.change(chains=CHAINS)
    page.locator("#chain-panel").scroll_into_view_if_needed()

    expect(page.locator("#chain tbody > tr")).to_have_count(41)
    money = page.locator("#chain [data-tone='atm']")
    expect(money).to_have_text("24,800 · ATM")
    expect(money).to_be_in_viewport()
    facts = page.locator("#chain-facts")
    for told in ("24,811.35", "12.8 %", "37", "+2.1 pts", "0.87", "24,700", "25,000", "24,500"):
        expect(facts).to_contain_text(told)
    expect(page.locator("#chain")).to_contain_text("24,700 · max pain")
    row = page.locator("#chain tbody > tr").filter(has_text="24,800 · ATM")
    expect(row.locator("td, th")).to_have_text(
        [
            *("1,23,450", "65,000", "11.80", "−14.20", "0.00120", "+0.52", "13.1 %"),
            *("101.50", "102.50", "24,800 · ATM", "102.50", "101.50", "13.1 %"),
            *("−0.48", "0.00120", "−14.20", "11.80", "65,000", "1,23,450"),
        ]
    )


def test_an_option_without_a_figure_says_why(desk: Desk, open_desk: Look):
    desk.chain(chain("NIFTY", "2026-10-13"))
    page = open_desk()
    desk.change(chains=CHAINS)
    page.locator("#chain-panel").scroll_into_view_if_needed()

    bid = page.locator("#chain tbody > tr").first.locator("td, th").nth(11)
    expect(bid).to_have_text("–")
    expect(bid).to_have_attribute("title", "Best bid: its book lacks a bid or an ask")


def test_the_chain_follows_the_market_and_another_is_chosen(desk: Desk, open_desk: Look):
    desk.chain(chain("NIFTY", "2026-10-13"))
    why = "no volatility of days before is stored"
    desk.chain(chain("BANKNIFTY", "2026-10-27", iv_missing=why, iv_rank=None))
    page = open_desk()
    desk.change(chains=CHAINS)
    page.locator("#chain-panel").scroll_into_view_if_needed()
    expect(page.locator("#chain-at")).to_have_text("at 10:30:00")

    rows = [{"strike": 24_800.0, "call": option(bid=140.0), "put": option()}]
    desk.chain(chain("NIFTY", "2026-10-13", at=at("10:30:02"), rows=rows))
    expect(page.locator("#chain-at")).to_have_text("at 10:30:02", timeout=6_000)
    expect(page.locator("#chain tbody > tr")).to_have_count(1)
    expect(page.locator("#chain")).to_contain_text("140.00")

    page.select_option("#chain-choice", "BANKNIFTY 2026-10-27")
    expect(page.locator("#chain-note")).to_have_text(f"No IV rank: {why}.")
    expect(page.locator("#chain tbody > tr")).to_have_count(41)


def test_a_chain_that_cannot_be_read_says_why(desk: Desk, open_desk: Look):
    why = "0 strikes with whole books of call and put, expected 1"
    desk.chain({**CHAINS[0], "at": at("10:30:00"), "why_not": why, "rows": []})
    page = open_desk()
    desk.change(chains=CHAINS)
    page.locator("#chain-panel").scroll_into_view_if_needed()

    expect(page.locator("#chain-note")).to_have_text(f"No figures: {why}.")
    expect(page.locator("#chain")).to_contain_text("No strike is told yet.")


def test_a_strategy_in_quarantine_is_released_after_a_second_look(desk: Desk, open_desk: Look):
    page = open_desk()
    expect(page.locator("#aside-panel")).to_be_hidden()
    desk.change(aside=aside())
    expect(page.locator("#aside-count")).to_have_text("2")
    expect(page.locator("#aside")).to_contain_text("ValueError: no such bar")

    page.get_by_role("button", name="Release opening_range").click()
    expect(page.locator("#again-what")).to_contain_text("ValueError: no such bar")
    assert desk.commands() == []
    page.fill("#again-reason", "mended")
    page.click("#again-send")
    wish = desk.wait_for_command()
    desk.answer(wish)
    desk.change(aside=aside()[:1])

    assert (wish.kind, wish.subject, wish.reason) == ("RELEASE_STRATEGY", "opening_range", "mended")
    expect(page.locator("#notices")).to_contain_text("Release opening_range: done.")
    expect(page.locator("#aside-count")).to_have_text("1")


def test_a_closed_scope_is_unlocked_and_the_engine_s_refusal_is_told(desk: Desk, open_desk: Look):
    page = open_desk()
    desk.change(aside=aside())

    page.get_by_role("button", name="Unlock underlying:NIFTY").click()
    page.click("#again-cancel")
    assert desk.commands() == []
    page.get_by_role("button", name="Unlock underlying:NIFTY").click()
    page.click("#again-send")
    wish = desk.wait_for_command()
    desk.answer(wish, "REFUSED", "underlying:NIFTY: not flat yet, P1 open")

    assert (wish.kind, wish.subject) == ("UNLOCK", "underlying:NIFTY")
    expect(page.locator("#notices")).to_contain_text("not flat yet, P1 open")


def test_a_viewer_sees_what_is_put_aside_without_a_button(desk: Desk, open_desk: Look):
    page = open_desk(Role.VIEWER)
    desk.change(aside=aside())

    expect(page.locator("#aside li")).to_have_count(2)
    expect(page.locator("#aside button")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_fits_its_screen_with_a_chain_and_with_what_is_put_aside(
    width: int, desk: Desk, open_desk: Look
):
    desk.chain(chain("NIFTY", "2026-10-13"))
    page = open_desk(viewport={"width": width, "height": 844})
    desk.change(chains=CHAINS, aside=aside())
    page.locator("#chain-panel").scroll_into_view_if_needed()
    expect(page.locator("#chain tbody > tr")).to_have_count(41)

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_all_figures_of_open_positions_are_seen_without_scrolling(desk: Desk, open_desk: Look):
    page = open_desk(viewport={"width": 1440, "height": 900})
    expect(page.locator("#open-positions tbody > tr")).to_have_count(2)

    box = "document.getElementById('open-positions')"
    assert page.evaluate(f"{box}.scrollWidth <= {box}.clientWidth")


def test_what_all_legs_come_to_is_shown_where_a_plan_has_several(desk: Desk, open_desk: Look):
    page = open_desk()
    expect(page.locator("#open-positions th.legs").first).to_be_hidden()

    figures = {"entry": 60.0, "stop": 90.0, "stop_now": 60.0, "mae_r": -0.4, "mfe_r": 1.1}
    bounds = {"max_loss": 9100.0, "max_profit": 3900.0, "break_evens": [24120.0]}
    whole = {"id": "W1", "kind": "IRON_CONDOR", "legs": ["P1", "P2"], "net": 1_234.5, **figures}
    whole["outlook"] = {**bounds, "probability_of_profit": 0.62}
    legs = [{**one, "combination": "W1"} for one in desk.state["positions"]]
    desk.change(positions=legs, combinations=[whole])

    together = page.locator("#open-positions td.legs").first
    expect(together).to_have_text("+₹1,234.50")
    expect(together).to_have_attribute("title", re.compile("stop 60.00, worst −0.40 R, best .1.10"))
    expect(page.locator("#open-positions td.legs").nth(1)).to_have_text(
        "62 % in profit, loss ₹9,100, gain ₹3,900, even at 24,120.00"
    )
