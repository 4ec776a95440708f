"""A made day traded by the real engine and told by the real recorder, watched in a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from marketdata.tape import TapeReader
from tests.console.browser.conftest import ROOT, WebProcess
from tests.console.browser.desk import Rows
from trading.config import Config
from trading.made_days import make_day
from trading.models import Account, Command, Run
from trading.paper_day import open_run
from trading.services.seed import PAPER_ACCOUNT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SEED, DAY = 2, date(2026, 10, 6)
SPEED = "60"


@dataclass(frozen=True, slots=True)
class RunningDay:
    """A session whose engine and recorder are at work."""

    run: Run
    rows: Rows

    def commands(self) -> list[tuple[str, str]]:
        asked = Command.objects.filter(run=self.run).order_by("id")
        found: list[tuple[str, str]] = self.rows(lambda: list(asked.values_list("kind", "state")))
        return found


@pytest.fixture
def day(web: WebProcess, rows: Rows, tmp_path: Path) -> Iterator[RunningDay]:
    tape = TapeReader(make_day(SEED, DAY, tmp_path / "day", seconds_per_tick=5).tape_path)

    def begun() -> Run:
        account = Account.objects.get(code=PAPER_ACCOUNT)
        return open_run(account, Config(), tape, "synthetic", tmp_path)

    run = rows(begun)
    environ = {
        **os.environ,
        "DATABASE_URL": web.database,
        "DJANGO_SETTINGS_MODULE": "aitrapp.settings.test",
    }
    manage = [sys.executable, str(ROOT / "manage.py")]
    orders = (["record", "--follow"], ["trade", "--speed", SPEED])
    processes = [
        subprocess.Popen(
            [*manage, *words, "--run", run.code], env=environ, stdout=subprocess.DEVNULL
        )
        for words in orders
    ]
    yield RunningDay(run, rows)
    for process in processes:
        process.kill()
        process.wait()
    over = Run.objects.filter(pk=run.pk, state="RUNNING")
    rows(lambda: over.update(state="FAILED", ended_at=timezone.now()))


def test_a_day_is_watched_paused_resumed_and_flattened_from_the_page(
    day: RunningDay, open_desk: Callable[..., Page]
):
    page = open_desk()
    expect(page.locator("#signals tbody > tr").first).to_be_visible(timeout=60_000)
    expect(page.locator("#open-positions tbody > tr").first).to_be_visible(timeout=60_000)

    page.click("#pause")
    expect(page.locator("#trading-state")).to_have_text("Paused")
    page.click("#pause")
    expect(page.locator("#trading-state")).to_have_text("Trading")

    closed = page.locator("#closed-positions tbody > tr").first
    expect(closed).to_contain_text(re.compile("Time|Hard stop|Target"), timeout=60_000)
    expect(page.locator("#open-positions tbody > tr").first).to_be_visible(timeout=60_000)

    page.click("#kill-open")
    page.fill("#kill-word", "FLAT")
    page.click("#kill-send")
    expect(page.locator("#kill-status")).to_contain_text("Flat after", timeout=20_000)
    took = re.search(r"after ([\d,]+) ms", page.inner_text("#kill-status"))
    assert took is not None
    assert int(took[1].replace(",", "")) <= 2_000

    page.click("#kill-cancel")
    expect(page.locator("#open-count")).to_have_text("0")
    expect(page.locator("#closed-positions")).to_contain_text("Kill")
    expect(page.locator("#pause")).to_have_text("Unlock")
    kinds = [("PAUSE", "DONE"), ("RESUME", "DONE"), ("FLATTEN", "DONE")]
    assert day.commands() == kinds
