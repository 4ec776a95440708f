from __future__ import annotations

from datetime import datetime

import numpy as np

from marketdata.calendar import IST
from marketdata.quality import FaultReason, Faults
from trading.engine.events import DataFault
from trading.engine.fault_tally import FaultTally

AT = datetime(2026, 10, 6, 9, 20, tzinfo=IST)
SYMBOLS = {number: f"S{number:03d}" for number in range(100)}
REASONS = list(FaultReason)


def found(*pairs: tuple[int, FaultReason]) -> Faults:
    tokens = np.array([token for token, _ in pairs], np.int64)
    return Faults(tokens, np.array([1 << REASONS.index(reason) for _, reason in pairs], np.int64))


def test_faults_of_a_few_instruments_are_all_named_by_symbol_and_reason():
    tally = FaultTally(SYMBOLS)
    tally.add(found((2, FaultReason.REPEAT), (1, FaultReason.LATE)))
    tally.add(found((1, FaultReason.AHEAD), (1, FaultReason.LATE)))

    assert tally.told(AT) == (
        DataFault(AT, "S001", "ahead", 1),
        DataFault(AT, "S001", "late", 2),
        DataFault(AT, "S002", "repeat", 1),
    )


def test_what_was_told_is_not_told_again():
    tally = FaultTally(SYMBOLS)
    tally.add(found((2, FaultReason.REPEAT)))
    tally.told(AT)

    assert tally.told(AT) == ()


def test_an_unknown_token_is_told_by_its_number():
    tally = FaultTally(SYMBOLS)
    tally.add(found(*[(777, FaultReason.UNKNOWN_TOKEN)] * 2))

    assert tally.told(AT) == (DataFault(AT, "777", "unknown-token", 2),)


def test_of_many_instruments_the_ten_worst_are_named_and_the_others_are_one():
    tally = FaultTally(SYMBOLS)
    tally.add(found(*[(number, FaultReason.REPEAT) for number in range(100)]))
    tally.add(found(*[(number, FaultReason.REPEAT) for number in (90, 50)] * 5))
    tally.add(found((3, FaultReason.LATE)))

    told = tally.told(AT)

    assert [fault.symbol for fault in told] == [
        *[f"S{number:03d}" for number in (0, 1, 2, 3, 3, 4, 5, 6, 7, 50, 90)],
        "90 other instruments",
    ]
    assert told[-1] == DataFault(AT, "90 other instruments", "repeat", 90)
    assert sum(fault.count for fault in told) == 111


def test_ten_instruments_are_all_named():
    tally = FaultTally(SYMBOLS)
    tally.add(found(*[(number, FaultReason.REPEAT) for number in range(10)]))

    assert [fault.count for fault in tally.told(AT)] == [1] * 10


def test_a_tick_with_several_faults_counts_for_each():
    tally = FaultTally(SYMBOLS)
    late_and_ahead = 1 << REASONS.index(FaultReason.LATE) | 1 << REASONS.index(FaultReason.AHEAD)
    tally.add(Faults(np.array([1, 2]), np.array([late_and_ahead, late_and_ahead])))

    assert [(fault.symbol, fault.reason, fault.count) for fault in tally.told(AT)] == [
        ("S001", "ahead", 1),
        ("S001", "late", 1),
        ("S002", "ahead", 1),
        ("S002", "late", 1),
    ]
