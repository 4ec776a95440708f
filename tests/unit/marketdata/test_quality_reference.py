"""The tick screen answers as a slow one that takes a tick at a time, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.quality import ScreenedTokens, ScreenSettings, TickScreen
from marketdata.ticks import TICK, Ticks
from tests.unit.marketdata.plain_screen import PlainScreen

AT = 1_795_405_500_000_000
SECOND = 1_000_000
WATCHED = ScreenedTokens(
    np.array([50, 10, 40, 20, 30], dtype=np.int64),
    np.array([100.0, np.nan, 100.0, 100.0, np.nan]),
    np.array([False, False, True, False, False]),
)
PRICES = st.sampled_from(
    (100.0, 100.05, 99.95, 119.9, 135.0, 81.0, 1.0, 10_000.0, 0.0, -1.0, np.nan, np.inf)
)
COUNTS = st.sampled_from((-1, 0, 5, 10, 1_000))
OFFSETS = st.sampled_from((-(10**16), -2 * SECOND, -SECOND, 0, 5 * SECOND, 5 * SECOND + 1))


@st.composite
def steps(draw: st.DrawFn) -> list[Ticks]:
    """Return steps of one session; some rows are told again as they were."""
    told: list[Ticks] = []
    for number in range(draw(st.integers(1, 8))):
        tokens = draw(st.lists(st.sampled_from((10, 20, 30, 40, 50, 99)), unique=True))
        rows = np.concatenate([np.zeros(0, TICK), *(draw(tick(token, number)) for token in tokens)])
        told.append(draw(st.sampled_from([rows, *told])))
    return told


@st.composite
def tick(draw: st.DrawFn, token: int, number: int) -> Ticks:
    row = np.zeros(1, TICK)
    last = draw(PRICES)
    row["token"], row["exchange_at"] = token, AT + number * SECOND + draw(OFFSETS)
    row["last"] = row["open"] = row["high"] = row["low"] = last
    for name in draw(st.sets(st.sampled_from(("open", "high", "low")))):
        row[name] = draw(PRICES)
    row["bid"], row["ask"] = draw(PRICES), draw(PRICES)
    for name in ("bid_quantity", "ask_quantity", "volume", "oi"):
        row[name] = draw(COUNTS)
    return row


def answers(screen: TickScreen | PlainScreen, told: Sequence[Ticks]) -> list[object]:
    heard: list[object] = []
    for number, ticks in enumerate(told):
        kept, faults = screen.screen(ticks, AT + number * SECOND)
        heard += [kept.tobytes(), faults if isinstance(faults, tuple) else faults.told()]
    return heard


@given(steps(), st.integers(1, 4), st.sampled_from((0, AT, AT + 2 * SECOND, AT + 10**16)))
def test_every_answer_is_that_of_the_slow_screen(told: list[Ticks], agreeing: int, opens_at: int):
    settings = ScreenSettings(agreeing=agreeing)
    watched = replace(WATCHED, opens_at_us=opens_at)

    fast = answers(TickScreen(watched, settings), told)

    assert fast == answers(PlainScreen(watched, settings), told)


@pytest.mark.parametrize("seed", range(3))
def test_a_session_of_many_tokens_is_screened_as_by_the_slow_screen(seed: int):
    chance = np.random.default_rng(seed)
    tokens = chance.permutation(400) * 256
    told = [_crowd(chance, chance.permutation(tokens), number) for number in range(40)]
    watched = ScreenedTokens(
        tokens[:390],
        np.where(chance.random(390) < 0.5, 100.0, np.nan),
        chance.random(390) < 0.2,
    )

    fast = answers(TickScreen(watched, ScreenSettings()), told)

    assert fast == answers(PlainScreen(watched, ScreenSettings()), told)


def _crowd(chance: np.random.Generator, tokens: Ticks, number: int) -> Ticks:
    rows = np.zeros(len(tokens), TICK)
    rows["token"], rows["exchange_at"] = tokens, AT + number // 2 * SECOND
    last = np.round(chance.choice((100.0, 101.0, 180.0), len(tokens), p=(0.6, 0.35, 0.05)), 2)
    for name in ("last", "open", "high", "low"):
        rows[name] = last
    rows["bid"], rows["ask"] = last - 0.05, last + chance.choice((0.05, -0.1), len(tokens))
    rows["volume"] = chance.integers(0, 100, len(tokens))
    return rows
