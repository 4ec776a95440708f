"""The hour an option structure has to be out by, against the moment it would be entered at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from marketdata.calendar import IST
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Leaving, Levels
from strategies.option_rule import OptionRule
from strategies.option_shapes import Condor
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.registry import build_strategies
from tests.unit.strategies.option_market import built, market_of, reason, view

HALF_PAST_ELEVEN = datetime(2026, 10, 6, 6, 0, tzinfo=UTC)
LATE = structs.replace(view(), at=HALF_PAST_ELEVEN)
MARKET = market_of()


def condor(out_at: str) -> OptionRule:
    terms = Terms(Levels(2.0, 0.5, 0.8, GainOf.PREMIUM), Leaving(out_at))
    two = Strike(StrikeBy.STEPS, 2)
    return OptionRule(Condor(Strike(StrikeBy.STEPS, 4), two), Expiry(0, 10), terms)


@pytest.mark.parametrize("hour", ["10:00", "11:29", "11:30"])
def test_what_has_to_be_out_already_is_not_entered(hour: str) -> None:
    told = reason(condor(hour).build(LATE, MARKET))

    assert told == f"IRON_CONDOR: it has to be out by {hour}, expected later than 11:30"


def test_what_has_to_be_out_in_a_minute_may_be_entered() -> None:
    made = built(condor("11:31").build(LATE, MARKET))

    assert made.ways_out.until == HALF_PAST_ELEVEN + timedelta(minutes=1)


def test_an_evening_session_opens_nothing_that_would_be_closed_at_once() -> None:
    (strategy,) = build_strategies({"short_strangle": {"wing": 100.0, "max_iv_rank": 100.0}})
    evening = structs.replace(view(), at=datetime(2026, 10, 6, 18, 25, tzinfo=IST))

    told = reason(strategy.structure.build(evening, MARKET))

    assert told.endswith("it has to be out by 15:15, expected later than 18:25")
