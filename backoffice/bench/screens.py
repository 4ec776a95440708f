"""Watchers with a screen: the live page in a real browser, and when it had painted which state.

Needs playwright and chromium, which tests install and a desk doesn't; without them there are none.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from backoffice.bench.running import MeasuredDesk

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
_WATCH = """() => {
    window.painted = [];
    new MutationObserver(() => {
        const number = Number(document.body.dataset.sequence);
        requestAnimationFrame(() => setTimeout(() => window.painted.push([number, Date.now()])));
    }).observe(document.body, {attributes: true, attributeFilter: ["data-sequence"]});
}"""


def browser_program() -> str | None:
    """Return the browser that can be driven here, None where there is none."""
    if find_spec("playwright") is None:
        return None
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


@dataclass(frozen=True, slots=True)
class Screen:
    """One open page."""

    page: Any

    async def painted(self) -> list[tuple[int, float]]:
        """Return the number of each state painted so far, and when, in seconds since the epoch."""
        return [(number, ms / 1000) for number, ms in await self.page.evaluate("window.painted")]


@asynccontextmanager
async def open_screens(
    desk: MeasuredDesk, cookies: dict[str, str], number: int
) -> AsyncIterator[list[Screen]]:
    """Show the live page in `number` windows of one browser, each noting what it has painted."""
    program = browser_program()
    if not number or program is None:
        yield []
        return
    from playwright.async_api import async_playwright

    async with AsyncExitStack() as stack:
        driver = await stack.enter_async_context(async_playwright())
        browser = await driver.chromium.launch(executable_path=program, args=list(_FLAGS))
        stack.push_async_callback(browser.close)
        screens = []
        for _ in range(number):
            context = await browser.new_context(viewport={"width": 1440, "height": 900})
            await context.add_cookies(
                [{"name": name, "value": value, "url": desk.url} for name, value in cookies.items()]
            )
            page = await context.new_page()
            await page.goto(desk.url)
            await page.wait_for_selector("body[data-sequence]")
            await page.evaluate(_WATCH)
            screens.append(Screen(page))
        yield screens
