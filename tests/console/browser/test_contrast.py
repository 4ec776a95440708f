"""Every word of the page against what it stands on, as WCAG 2.2 asks (1.4.3, level AA)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.desk import Desk
from tests.console.browser.states import aside

pytestmark = pytest.mark.browser

Look = Callable[..., Page]
TOO_FAINT = """() => {
    const paper = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        paper.clearRect(0, 0, 1, 1);
        paper.fillStyle = colour;
        paper.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = paper.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], [r0, g0, b0]) =>
        [[r, r0], [g, g0], [b, b0]].map(([top, under]) => a * top + (1 - a) * under);
    const saturated = ([r, g, b], s) => {
        const grey = 0.213 * r + 0.715 * g + 0.072 * b;
        return [r, g, b].map((part) => Math.min(255, Math.max(0, grey + s * (part - grey))));
    };
    const linear = (part) =>
        part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
    const light = (colour) => {
        const [r, g, b] = colour.map(linear);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const pair = (node) => {
        const lineage = [];
        for (let one = node; one; one = one.parentElement) lineage.unshift(getComputedStyle(one));
        let ground = [255, 255, 255];
        const onto = (style) => (ground = over(rgba(style.backgroundColor), ground));
        const grounds = lineage.map(onto);
        let [ink, under] = [over(rgba(getComputedStyle(node).color), ground), ground];
        lineage.forEach((style, place) => {
            const [behind, share] = [grounds[place - 1] ?? ground, Number(style.opacity)];
            [ink, under] = [ink, under].map((colour) => over([...colour, share], behind));
            const kept = /saturate\\(([\\d.]+)\\)/.exec(style.filter);
            const paled = (colour) => (kept ? saturated(colour, Number(kept[1])) : colour);
            [ink, under] = [paled(ink), paled(under)];
        });
        return [ink, under];
    };
    const ratio = (node) => {
        const [low, high] = pair(node).map(light).sort((one, other) => one - other);
        return (high + 0.05) / (low + 0.05);
    };
    const isLarge = (style) =>
        parseFloat(style.fontSize) >= (Number(style.fontWeight) >= 700 ? 18.66 : 24);
    return [...document.body.querySelectorAll("*")]
        .filter((node) => [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim()))
        .filter((node) => node.checkVisibility() && !node.closest(".hidden, :disabled, script"))
        .map((node) => [node, ratio(node), isLarge(getComputedStyle(node)) ? 3 : 4.5])
        .filter(([, found, least]) => found < least)
        .map(([node, found]) => `${node.textContent.trim()}: ${found.toFixed(2)}`);
}"""


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, desk: Desk, open_desk: Look) -> Page:
    """Return the whole desk, with rows opened and things put aside, in either theme."""
    page = open_desk(color_scheme=request.param)
    desk.change(aside=aside())
    expect(page.locator("#aside li")).to_have_count(2)
    for panel in ("signals", "orders", "open-positions"):
        page.locator(f"#{panel} .open").first.click()
    expect(page.locator("#signals .rules")).to_be_visible()
    return page


def test_everything_can_be_read_in_either_theme(page: Page):
    assert page.evaluate(TOO_FAINT) == []


def test_what_is_faint_is_found(page: Page):
    page.evaluate("document.querySelector('#events .kind').style.color = '#808080'")
    page.evaluate("document.getElementById('events-panel').style.background = '#909090'")

    assert page.evaluate(TOO_FAINT) != []


def test_everything_can_be_read_while_the_page_is_not_the_present(desk: Desk, page: Page):
    desk.change(health={**desk.state["health"], "engine": {"ok": False}})
    expect(page.locator("#banner")).to_contain_text("The engine gives no sign of life")

    assert page.evaluate(TOO_FAINT) == []


def test_the_kill_switch_can_be_read(page: Page):
    page.click("#kill-open")
    expect(page.locator("#kill-dialog")).to_be_visible()

    assert page.evaluate(TOO_FAINT) == []
