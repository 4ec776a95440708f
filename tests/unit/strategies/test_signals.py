from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from marketdata.instruments import Instrument
from strategies.signals import NEUTRAL_SIDE, Direction, Signal, direction_of

AT = datetime(2026, 11, 23, 4, 3, tzinfo=UTC)


@pytest.fixture
def golden(instrument: Callable[..., Instrument]) -> Signal:
    return Signal(
        strategy="opening_range",
        instrument=instrument("TCS"),
        direction=Direction.LONG,
        at=AT,
        valid_until=AT + timedelta(minutes=10),
        entry=25_005.0,
        stop=24_950.0,
        target1=25_071.0,
        target2=25_104.0,
        confidence=0.75,
        setup="LONG@09:33",
    )


def test_risk_and_reward_are_measured_from_the_entry(golden: Signal) -> None:
    assert (golden.risk, golden.reward_to_risk) == (55.0, pytest.approx(1.8))


def test_the_same_set_up_has_the_same_key_and_another_day_part_another(golden: Signal) -> None:
    assert (
        golden.key
        == structs.replace(golden, confidence=0.1).key
        == "opening_range/NSE:TCS/LONG@09:33"
    )
    assert golden.key != structs.replace(golden, setup="LONG@09:34").key


@pytest.mark.parametrize("stop", [25_005.0, 25_006.0])
def test_a_long_at_or_below_its_own_stop_cannot_be(golden: Signal, stop: float) -> None:
    with pytest.raises(ValueError, match="not on the losing side"):
        structs.replace(golden, stop=stop)


def test_a_short_needs_its_stop_above(golden: Signal) -> None:
    with pytest.raises(ValueError, match="for a SHORT in TCS"):
        structs.replace(golden, direction=Direction.SHORT)


def test_a_moment_without_a_zone_is_refused(golden: Signal) -> None:
    with pytest.raises(ValueError, match="expected aware datetimes"):
        structs.replace(golden, at=AT.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("side", "direction"),
    [(1, Direction.LONG), (-1, Direction.SHORT), (NEUTRAL_SIDE, Direction.NEUTRAL)],
)
def test_a_side_stands_for_a_direction(side: int, direction: Direction) -> None:
    assert direction_of(side) is direction


@pytest.mark.parametrize("side", [0, 3, -2])
def test_what_is_no_side_stands_for_nothing(side: int) -> None:
    with pytest.raises(ValueError, match=str(side)):
        direction_of(side)


def test_an_opinion_without_a_direction_has_no_levels_of_its_own(golden: Signal) -> None:
    with pytest.raises(ValueError, match=r"expected the entry 25005.0: no direction"):
        structs.replace(golden, direction=Direction.NEUTRAL)
