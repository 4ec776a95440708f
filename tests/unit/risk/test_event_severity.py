"""How severe an event must be to stop entries, and to make them smaller."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from marketdata.calendar import IST
from marketdata.events import EventKind, MarketEvent, Timing, load_events
from risk.event_rules import EventRules, SessionSpan, event_windows

SESSION = SessionSpan(
    closed_since=datetime(2026, 12, 3, 15, 40, tzinfo=IST),
    opens_at=datetime(2026, 12, 4, 9, 15, tzinfo=IST),
    closes_at=datetime(2026, 12, 4, 15, 40, tzinfo=IST),
)
POLICY = MarketEvent(EventKind.RBI_POLICY, datetime(2026, 12, 4, 10, tzinfo=IST), 0.8, "s")
RESULTS = MarketEvent(
    EventKind.RESULTS, datetime(2026, 12, 4, tzinfo=IST), 0.8, "s", "INFY", Timing.AFTER_CLOSE
)


def told(event: MarketEvent, rules: EventRules) -> list[str]:
    return [str(window.effects) for window in event_windows([event], SESSION, rules, 10)]


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (1.0, ["no entries, ranked down", "ranked down, stop x1.5"]),
        (0.5, ["no entries, ranked down", "ranked down, stop x1.5"]),
        (0.49, ["ranked down, stop x1.5"]),
        (0.3, ["ranked down, stop x1.5"]),
        (0.29, []),
    ],
)
def test_a_milder_event_does_less(severity: float, expected: list[str]) -> None:
    assert told(replace(POLICY, severity=severity), EventRules()) == expected


def test_mild_results_do_not_take_their_company_s_whole_day() -> None:
    assert told(RESULTS, EventRules())[0] == "no entries, ranked down"
    assert told(replace(RESULTS, severity=0.4), EventRules()) == ["ranked down, stop x1.5"]


def test_how_mild_is_the_configuration_s_to_say() -> None:
    everything = EventRules(block_from_severity=0, near_from_severity=0)
    nothing = EventRules(block_from_severity=1, near_from_severity=1)

    assert len(told(replace(POLICY, severity=0.01), everything)) == 2
    assert told(replace(POLICY, severity=0.99), nothing) == []
    assert len(told(replace(POLICY, severity=1.0), nothing)) == 2


@pytest.mark.parametrize("name", ["block_from_severity", "near_from_severity"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_severity_that_no_event_has_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name}: {value}, expected from 0 to 1"):
        EventRules(**{name: value})


def test_every_event_of_the_packaged_list_is_severe_enough_to_stop_entries() -> None:
    assert min(event.severity for event in load_events()) >= EventRules().block_from_severity
