"""The readings beside the bars: standing of volatility, days to expiry, minutes to an event."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from marketdata.options.chain import chains_of
from marketdata.options.iv_history import IvDay, IvSettings, NoStanding
from risk.event_rules import EventEffects, EventWindow
from strategies.context import (
    DAYS_TO_EXPIRY,
    EXPIRY_DAY,
    IV_PERCENTILE,
    IV_RANK,
    MINUTES_TO_EVENT,
    MONTHLY_EXPIRY,
    SEGMENT_EXPIRY,
)
from tests.option_chain import AT, DAY, MadeChain
from tests.unit.trading.engine.builders import setup
from trading.engine.context import Readings

MADE = MadeChain(with_future=True)
LEVELS = (0.10, 0.11, 0.13, 0.20)
HISTORY = tuple(IvDay(DAY - timedelta(days=9 - n), level) for n, level in enumerate(LEVELS))


def readings(made: MadeChain = MADE, **overrides: object) -> Readings:
    universe = made.universe()
    told = {
        "universe": universe,
        "day": DAY,
        "stages": (None,) * len(universe),
        "previous_close": (np.nan,) * len(universe),
        "iv_history": {"NIFTY": HISTORY},
        "iv_settings": IvSettings(sessions=10, least=3),
    }
    return Readings(setup(**told | overrides), made.panel(), chains_of(universe, DAY))


def one(found: Readings, name: str) -> list[float]:
    return found.at(AT, (name,))[name].tolist()


def test_index_and_future_share_the_standing_of_their_options():
    found = readings()

    # Options are priced at 12 %: two of four days were lower; a fifth of the way from 10 to 20.
    assert one(found, IV_PERCENTILE) == [50.0, 50.0]
    assert one(found, IV_RANK) == pytest.approx([20.0, 20.0], abs=1e-3)
    assert found.why_unknown("NIFTY", IV_PERCENTILE) == ""


def test_without_stored_days_there_is_none_and_it_is_told_why():
    found = readings(iv_history={})

    assert np.isnan(one(found, IV_PERCENTILE)).all()
    assert np.isnan(one(found, IV_RANK)).all()
    assert found.why_unknown("NIFTY", IV_PERCENTILE) == str(NoStanding.NO_HISTORY)


def test_too_few_stored_days_are_told_with_how_many_there_are():
    found = readings(iv_settings=IvSettings(sessions=10, least=5))

    assert np.isnan(one(found, IV_PERCENTILE)).all()
    assert found.why_unknown("NIFTY", IV_RANK).endswith("stored: 4, expected 5 or more")
    assert found.why_unknown("NIFTY", DAYS_TO_EXPIRY) == ""


def test_without_a_chain_there_is_none():
    found = readings(replace(MADE, strikes=()))

    assert np.isnan(one(found, IV_PERCENTILE)).all()
    assert found.why_unknown("NIFTY", IV_PERCENTILE) == str(NoStanding.NO_CHAIN)


def test_days_run_to_the_nearest_expiry():
    assert one(readings(), DAYS_TO_EXPIRY) == [7.0, 7.0]
    assert np.isnan(one(readings(replace(MADE, strikes=())), DAYS_TO_EXPIRY)).all()


def window(minutes: int, *, underlying: str = "", blocks: bool = True) -> EventWindow:
    """Return a window of a quarter of an hour that begins so many minutes from now."""
    begins = AT + timedelta(minutes=minutes)
    effects = EventEffects(blocks=blocks, ranked_down=True, stop_factor=1.0)
    return EventWindow("CPI", "CPI", underlying, begins, begins + timedelta(minutes=15), effects)


def test_minutes_run_to_the_next_window_of_the_day_without_entries():
    windows = (
        window(-15),
        window(5, blocks=False),
        window(10, underlying="RELIANCE"),
        window(30),
        window(60),
    )

    assert one(readings(event_windows=windows), MINUTES_TO_EVENT) == [30.0, 30.0]
    assert np.isnan(one(readings(), MINUTES_TO_EVENT)).all()


def test_expiry_flags_are_those_of_the_listed_contracts():
    later, on_the_day = readings(), readings(day=MADE.expiry)

    assert one(later, EXPIRY_DAY) == one(later, SEGMENT_EXPIRY) == [0.0, 0.0]
    assert one(on_the_day, EXPIRY_DAY) == one(on_the_day, SEGMENT_EXPIRY) == [1.0, 1.0]
    assert one(on_the_day, MONTHLY_EXPIRY) == one(later, MONTHLY_EXPIRY)
    bare = readings(replace(MADE, strikes=(), with_future=False))
    assert np.isnan(one(bare, EXPIRY_DAY)).all()


def test_a_reading_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="expected a reading that is known"):
        readings().at(AT, ("mood",))
