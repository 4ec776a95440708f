"""Which windows a session's events open, for whom, and with which effects."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.calendar import IST
from marketdata.events import EventKind, MarketEvent, Timing
from risk.event_rules import EventRule, EventRules, EventWindow, SessionSpan, event_windows

RULES = EventRules()
SESSION = SessionSpan(
    closed_since=datetime(2026, 12, 3, 15, 40, tzinfo=IST),
    opens_at=datetime(2026, 12, 4, 9, 15, tzinfo=IST),
    closes_at=datetime(2026, 12, 4, 15, 40, tzinfo=IST),
)


def at(hour: int, minute: int = 0, day: int = 4) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=IST)


def announced(kind: EventKind, moment: datetime) -> MarketEvent:
    return MarketEvent(kind, moment, 0.8, "s")


def results(day: int, timing: Timing) -> MarketEvent:
    return MarketEvent(EventKind.RESULTS, at(0, 0, day), 0.8, "s", "INFY", timing)


def windows(event: MarketEvent, rules: EventRules = RULES) -> list[EventWindow]:
    return list(event_windows([event], SESSION, rules, 10))


def spans(event: MarketEvent, rules: EventRules = RULES) -> list[tuple[bool, datetime, datetime]]:
    return [(w.effects.blocks, w.begins, w.until) for w in windows(event, rules)]


def test_a_policy_statement_blocks_ten_minutes_around_it_and_is_near_for_an_hour() -> None:
    event = announced(EventKind.RBI_POLICY, at(10))

    blocked, near = windows(event)

    assert spans(event) == [(True, at(9, 50), at(10, 10)), (False, at(9), at(11))]
    assert str(blocked) == "RBI policy 04 Dec 10:00, until 10:10: no entries, ranked down"
    assert str(near) == "RBI policy 04 Dec 10:00, until 11:00: ranked down, stop x1.5"
    assert (near.kind, near.underlying) == ("RBI_POLICY", "")


def test_a_date_that_was_worked_out_is_marked_in_what_each_window_says() -> None:
    published = announced(EventKind.GDP, at(14))
    derived = replace(published, source="derived: the last working day of November")

    said = [[str(window) for window in windows(event)] for event in (published, derived)]

    assert said[0][1] == "GDP 04 Dec 14:00, until 14:30: ranked down, stop x1.5"
    assert said[1][1] == "GDP 04 Dec 14:00 (derived date), until 14:30: ranked down, stop x1.5"
    assert [window.is_derived for window in windows(published) + windows(derived)] == [
        *(False, False),
        *(True, True),
    ]


def test_a_rule_of_a_kind_goes_before_the_desk_s_minutes() -> None:
    own = EventRule(
        block_before_minutes=30, block_after_minutes=0, stop_factor=1, ranked_down=False
    )
    event = announced(EventKind.RBI_POLICY, at(10))

    assert spans(event, replace(RULES, rbi_policy=own)) == [(True, at(9, 30), at(10))]


@pytest.mark.parametrize("moment", [at(23, 30, day=3), at(0, 30), at(16, 0, day=3)])
def test_news_from_while_the_market_was_closed_is_near_from_the_opening(moment: datetime) -> None:
    (window,) = windows(announced(EventKind.FOMC, moment))

    assert window.is_open(at(9, 15))
    assert window.until == at(10, 15)
    assert not window.effects.blocks


@pytest.mark.parametrize("moment", [at(11, 0, day=3), at(11, 0, day=5)])
def test_an_event_of_another_session_opens_none(moment: datetime) -> None:
    assert windows(announced(EventKind.RBI_POLICY, moment)) == []


def test_an_announcement_after_the_close_is_near_before_it_only_as_far_as_its_rule_says() -> None:
    assert spans(announced(EventKind.CPI, at(16))) == [(False, at(15, 30), at(16, 30))]
    assert windows(announced(EventKind.CPI, at(17, 30))) == []


@pytest.mark.parametrize("timing", [Timing.BEFORE_OPEN, Timing.INTRADAY, Timing.AFTER_CLOSE])
def test_results_block_their_company_all_day(timing: Timing) -> None:
    blocked = windows(results(4, timing))[0]

    assert blocked.effects.blocks
    assert (blocked.begins, blocked.until) == (SESSION.opens_at, SESSION.closes_at)
    assert blocked.concerns("INFY")
    assert not blocked.concerns("TCS")


def test_results_after_the_close_are_near_the_next_morning() -> None:
    (window,) = windows(results(3, Timing.AFTER_CLOSE))

    assert (window.effects.blocks, window.until) == (False, at(10, 15))


@pytest.mark.parametrize("timing", [Timing.BEFORE_OPEN, Timing.INTRADAY])
def test_results_of_the_session_before_are_over(timing: Timing) -> None:
    assert windows(results(3, timing)) == []


@pytest.mark.parametrize(
    ("timing", "told"),
    [
        (Timing.BEFORE_OPEN, [(True, at(9, 5), at(9, 25)), (False, at(8, 15), at(10, 15))]),
        (Timing.INTRADAY, [(False, at(8, 15), at(16, 40))]),
        (Timing.AFTER_CLOSE, [(True, at(15, 30), at(15, 50)), (False, at(14, 40), at(16, 40))]),
    ],
)
def test_where_the_day_is_not_blocked_whole_results_act_when_they_are_told(
    timing: Timing, told: list[tuple[bool, datetime, datetime]]
) -> None:
    rules = replace(RULES, results=EventRule(whole_day=False))

    assert spans(results(4, timing), rules) == told


def test_without_spans_a_window_begins_at_its_event_and_is_never_open() -> None:
    none = EventRule(near_before_minutes=0, near_after_minutes=0)
    event = announced(EventKind.RBI_POLICY, at(10))

    (window,) = event_windows([event], SESSION, replace(RULES, rbi_policy=none), 0)

    assert window.begins == at(10)
    assert not window.is_open(at(10))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("block_before_minutes", -1),
        ("near_after_minutes", 1441),
        ("stop_factor", 0.99),
        ("stop_factor", float("nan")),
    ],
)
def test_a_setting_out_of_range_is_named(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        EventRule(**{field: value})  # type: ignore[arg-type]


@given(st.integers(-3 * 1440, 3 * 1440), st.sampled_from(EventKind))
def test_a_window_touches_the_session_and_contains_its_event_or_the_opening(
    minutes: int, kind: EventKind
) -> None:
    moment = SESSION.opens_at + timedelta(minutes=minutes)
    whose = "INFY" if kind is EventKind.RESULTS else ""

    for window in windows(MarketEvent(kind, moment, 0.5, "s", whose)):
        assert window.begins < SESSION.closes_at
        assert window.until >= SESSION.opens_at
        whole_day = (window.begins, window.until) == (SESSION.opens_at, SESSION.closes_at)
        assert whole_day or window.begins <= moment <= window.until


def test_a_window_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    blocked, _ = windows(announced(EventKind.RBI_POLICY, at(10)))

    moments = (at(9, 50) - timedelta(microseconds=1), at(9, 50), at(10, 10))

    assert [blocked.is_open(moment) for moment in moments] == [False, True, False]
    assert (blocked.kind, blocked.name[:3]) == ("RBI_POLICY", "RBI")


def test_what_begins_at_the_close_or_ends_at_the_opening_is_left_out() -> None:
    begins_at_the_close = announced(EventKind.RBI_POLICY, at(15, 50))
    ends_at_the_opening = announced(EventKind.RBI_POLICY, at(9, 5))

    assert [w.effects.blocks for w in windows(begins_at_the_close)] == [False]
    assert [w.effects.blocks for w in windows(ends_at_the_opening)] == [False]


def test_a_span_of_a_whole_day_is_a_setting() -> None:
    longest = EventRule(near_before_minutes=1440, block_after_minutes=1440)

    assert (longest.near_before_minutes, longest.block_after_minutes) == (1440, 1440)
