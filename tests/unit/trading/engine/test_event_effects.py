"""What events near a candidate do to its structure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from risk.event_rules import BLOCKED, EventEffects, EventWindow
from strategies.outlook import Outlook
from strategies.signals import Direction, Signal
from strategies.structures import Leg, Structure, StructureKind
from tests.unit.trading.engine.builders import FUTURE
from trading.engine.event_effects import event_of, widened, windows_near

NOW = datetime(2026, 8, 12, 4, 0, tzinfo=UTC)


def structure(direction: Direction, entry: float, stop: float) -> Structure:
    target = entry + (entry - stop)
    signal = Signal(
        strategy="scripted",
        instrument=FUTURE,
        direction=direction,
        at=NOW,
        valid_until=NOW,
        entry=entry,
        stop=stop,
        target1=target,
        target2=target,
        confidence=0.5,
        setup="s",
    )
    legs = (Leg(FUTURE, direction, 1),)
    return Structure(StructureKind.FUTURE, legs, direction, entry, stop, target, target, signal)


def window(factor: float, name: str = "CPI", *, ranked_down: bool = True) -> EventWindow:
    effects = EventEffects(blocks=False, ranked_down=ranked_down, stop_factor=factor)
    return EventWindow("CPI", name, "", NOW, NOW + timedelta(minutes=10), effects)


def test_only_open_windows_of_the_market_or_the_underlying_are_near() -> None:
    now, own = window(1.5), replace(window(2.0), underlying="NIFTY")
    over, others = replace(now, until=NOW), replace(own, underlying="INFY")

    assert windows_near((now, own, over, others), NOW, "NIFTY") == (now, own)


def test_the_first_event_that_ranks_down_gives_its_name() -> None:
    assert event_of((window(1.5, "CPI", ranked_down=False), window(1.5, "RBI"))) == "RBI"
    assert event_of(()) == ""


def test_without_an_event_and_where_one_only_blocks_the_structure_stays_itself() -> None:
    plain = structure(Direction.LONG, 100.0, 90.0)
    blocked = replace(window(1.0), effects=BLOCKED)

    assert widened(plain, ()) is plain
    assert widened(plain, (blocked,)) is plain


@pytest.mark.parametrize(
    ("direction", "stop", "wide"),
    [(Direction.LONG, 90.0, 80.0), (Direction.SHORT, 110.0, 120.0)],
)
def test_the_strictest_of_several_widens_the_stop(
    direction: Direction, stop: float, wide: float
) -> None:
    assert widened(structure(direction, 100.0, stop), (window(1.5), window(2.0))).stop == wide


@pytest.mark.parametrize(
    ("stop", "wide"),
    [
        pytest.param(150.0, 175.0, id="widened in full"),
        pytest.param(155.0, 180.0, id="no farther than four fifths of the largest loss"),
        pytest.param(180.0, 180.0, id="already there"),
        pytest.param(195.0, 195.0, id="never nearer than it was"),
    ],
)
def test_a_stop_that_is_widened_can_still_be_reached_before_the_largest_loss(
    stop: float, wide: float
) -> None:
    spread = structs.replace(
        structure(Direction.SHORT, 100.0, stop), outlook=Outlook(max_loss=100.0)
    )

    assert widened(spread, (window(1.5),)).stop == wide


def test_of_what_can_lose_without_bound_a_stop_is_widened_in_full() -> None:
    assert widened(structure(Direction.SHORT, 100.0, 200.0), (window(3.0),)).stop == 400.0


@given(st.floats(1.0, 10_000.0), st.floats(0.001, 0.999), st.floats(1.0, 10.0))
def test_a_stop_never_comes_nearer_and_that_of_what_is_bought_stays_above_0(
    entry: float, fraction: float, factor: float
) -> None:
    plain = structure(Direction.LONG, entry, entry * fraction)

    wide = widened(plain, (window(factor),))

    assert 0 < wide.stop <= plain.stop
    assert (wide.entry, wide.target1, wide.target2) == (plain.entry, plain.target1, plain.target2)
