"""How often orders and trades of a book are glanced at, as things stand."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from trading.live_watch import BookWatch, LiveSettings, Reading, Urgency

TURNS = 12


async def glances(urgency: Urgency) -> Counter[str]:
    """Return what was read in `TURNS` turns of glances at things of an urgency."""
    read: Counter[str] = Counter()
    left = iter(range(TURNS))

    def how_urgent() -> Urgency:
        if next(left, None) is None:
            watching.cancel()
            return Urgency.NONE
        return urgency

    async def note(what: str) -> None:
        read[what] += 1

    reading = Reading(
        lambda: note("book"),
        lambda: note("orders"),
        lambda: note("trades"),
        lambda: 60.0,
        how_urgent,
    )
    watching = asyncio.create_task(BookWatch(LiveSettings(glance_every_seconds=0), reading).run())
    await asyncio.wait({watching})
    del read["book"]
    return read


@pytest.mark.parametrize(
    ("urgency", "orders", "trades"),
    [
        (Urgency.DOUBT, 12, 4),
        (Urgency.UNDER_WAY, 4, 6),
        (Urgency.HELD, 6, 0),
        (Urgency.NONE, 0, 0),
    ],
)
async def test_the_more_is_at_stake_the_more_often_is_glanced(urgency, orders, trades):
    assert await glances(urgency) == Counter(orders=orders, trades=trades)
