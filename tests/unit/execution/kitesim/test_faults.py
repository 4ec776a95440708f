from __future__ import annotations

from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.kitesim.faults import FaultKind, FaultRule, Faults
from marketdata.calendar import IST

K = FaultKind


def at(clock: str) -> datetime:
    return datetime.combine(datetime(2026, 11, 23), time.fromisoformat(clock), tzinfo=IST)


def test_without_rules_nothing_goes_wrong():
    assert Faults().active(K.SLOW_ANSWER, at("10:00:00"), "GET /orders") is None


def test_a_rule_is_in_force_from_its_begin_up_to_its_end():
    faults = Faults([FaultRule(K.SOCKET_MUTE, since=time(10), until=time(10, 1))])

    told = [
        faults.active(K.SOCKET_MUTE, at(clock), "1") is not None
        for clock in ("09:59:59", "10:00:00", "10:00:59", "10:01:00")
    ]

    assert told == [False, True, True, False]


def test_a_subject_is_matched_by_its_pattern():
    faults = Faults([FaultRule(K.ACCEPT_THEN_TIMEOUT, subject="POST /orders/* NFO:*")])

    hit = faults.active(K.ACCEPT_THEN_TIMEOUT, at("10:00:00"), "POST /orders/regular NFO:X")
    missed = faults.active(K.ACCEPT_THEN_TIMEOUT, at("10:00:00"), "POST /orders/regular NSE:X")

    assert hit is not None
    assert missed is None


def test_the_first_are_spared_and_only_so_many_strike():
    faults = Faults([FaultRule(K.MESSAGE_LOSE, skip=2, times=2)])

    told = [faults.active(K.MESSAGE_LOSE, at("10:00:00")) for _ in range(6)]

    assert [fault and fault.number for fault in told] == [None, None, 1, 2, None, None]


def test_another_kind_is_left_alone():
    faults = Faults([FaultRule(K.MESSAGE_LOSE)])

    assert faults.active(K.MESSAGE_DUPLICATE, at("10:00:00")) is None


def test_of_two_rules_the_second_strikes_when_the_first_is_used_up():
    faults = Faults(
        [
            FaultRule(K.ERROR_BEFORE, times=1, code=500),
            FaultRule(K.ERROR_BEFORE, times=1, code=502),
        ]
    )

    told = [faults.active(K.ERROR_BEFORE, at("10:00:00")) for _ in range(3)]

    assert [fault and fault.code for fault in told] == [500, 502, None]
    assert [count for _, count in faults.struck()] == [1, 1]


def test_a_new_script_begins_to_count_again():
    faults = Faults([FaultRule(K.ERROR_BEFORE, times=1)])
    faults.active(K.ERROR_BEFORE, at("10:00:00"))

    faults.replace([FaultRule(K.ERROR_BEFORE, times=1)])

    assert faults.active(K.ERROR_BEFORE, at("10:00:00")) is not None


def test_a_share_strikes_about_that_often():
    faults = Faults([FaultRule(K.FRAME_DROP, share=0.25)], seed=3)

    struck = sum(faults.active(K.FRAME_DROP, at("10:00:00"), "1") is not None for _ in range(4000))

    assert 900 < struck < 1100


@given(
    seed=st.integers(0, 2**32),
    order=st.lists(st.sampled_from(["a", "b", "c"]), max_size=40),
)
def test_what_strikes_a_subject_does_not_depend_on_the_others(seed, order):
    rules = [FaultRule(K.FRAME_DROP, share=0.5)]
    mixed, alone = Faults(rules, seed=seed), Faults(rules, seed=seed)

    told = [mixed.active(K.FRAME_DROP, at("10:00:00"), name) for name in order]
    of_a = [fault and fault.chance for fault, name in zip(told, order, strict=True) if name == "a"]

    expected = [alone.active(K.FRAME_DROP, at("10:00:00"), "a") for _ in of_a]
    assert of_a == [fault and fault.chance for fault in expected]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("until", time(8)),
        ("share", 0.0),
        ("share", 1.5),
        ("skip", -1),
        ("times", 0),
        ("seconds", 1e9),
        ("code", 200),
    ],
)
def test_a_field_that_makes_no_sense_is_named(field, value):
    with pytest.raises(ValueError, match=f"^{field}: "):
        FaultRule(K.SLOW_ANSWER, **{"since": time(9), field: value})
