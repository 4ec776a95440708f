from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from marketdata.calendar import IST
from marketdata.synthetic_faults import Fault, FaultKind, faulty_frames, with_faults
from marketdata.tape import TapeHead, TapeReader, microseconds, write_tape
from marketdata.ticks import TICK, Ticks

OPEN = datetime(2026, 8, 12, 9, 15, tzinfo=IST)
HIT = 7
OTHER = 8


def frames(count: int = 30, seconds: int = 10) -> list[tuple[int, Ticks]]:
    """Frames of two tokens, one every ten seconds; the price tells the number of the frame."""
    told = []
    for number in range(count):
        ticks = np.zeros(2, TICK)
        ticks["token"] = (HIT, OTHER)
        for field in ("last", "open", "high", "low"):
            ticks[field] = 100.0 + number
        ticks["bid"], ticks["ask"] = 99.0 + number, 101.0 + number
        ticks["volume"] = 50 * (number + 1)
        ticks["bid_quantity"] = ticks["ask_quantity"] = 5
        told.append((microseconds(OPEN) + number * seconds * 1_000_000, ticks))
    return told


def after(seconds: int) -> datetime:
    return OPEN + timedelta(seconds=seconds)


def column(told: list[tuple[int, Ticks]], token: int, field: str) -> list[float]:
    return [float(row[field]) for _, ticks in told for row in ticks[ticks["token"] == token]]


def hit(*faults: Fault) -> list[tuple[int, Ticks]]:
    untouched, source = frames(), frames()
    told = list(faulty_frames(source, faults))
    for (_, left), (_, right) in zip(source, untouched, strict=True):
        assert left.tobytes() == right.tobytes()
    if not any(fault.token == OTHER for fault in faults):
        assert column(told, OTHER, "last") == column(untouched, OTHER, "last")
    return told


def test_a_scale_error_of_one_tick_hits_that_tick_in_every_price() -> None:
    told = hit(Fault(FaultKind.SCALED_ONCE, HIT, after(25)))

    expected = [100.0 + number for number in range(30)]
    expected[3] = 10_300.0
    assert column(told, HIT, "last") == expected
    assert column(told, HIT, "ask")[3] == 10_400.0


def test_a_scale_error_to_the_end_hits_every_later_tick() -> None:
    told = hit(Fault(FaultKind.SCALED_TO_THE_END, HIT, after(280)))

    assert column(told, HIT, "last")[27:] == [127.0, 12_800.0, 12_900.0]


def test_a_missing_minute_takes_exactly_its_ticks_away() -> None:
    told = hit(Fault(FaultKind.MINUTE_MISSING, HIT, after(60)))

    numbers = [number for number in range(30) if not 6 <= number < 12]
    assert column(told, HIT, "last") == [100.0 + number for number in numbers]


def test_a_frame_left_empty_is_left_out() -> None:
    told = hit(
        Fault(FaultKind.MINUTE_MISSING, HIT, after(60)),
        Fault(FaultKind.MINUTE_MISSING, OTHER, after(60)),
    )

    assert len(told) == 24


def test_a_repeated_row_comes_again_in_a_frame_of_the_same_moment() -> None:
    told = hit(Fault(FaultKind.ROW_REPEATED, HIT, after(20)))

    assert [at for at, _ in told[2:4]] == [microseconds(after(20))] * 2
    assert told[3][1].tobytes() == told[2][1][:1].tobytes()
    assert len(told) == 31


def test_a_zero_price_has_its_quote_left() -> None:
    told = hit(Fault(FaultKind.PRICE_ZERO, HIT, after(0)))

    assert column(told, HIT, "last")[:2] == [0.0, 101.0]
    assert column(told, HIT, "low")[0] == 0.0
    assert column(told, HIT, "bid")[0] == 99.0


def test_a_crossed_quote_bids_above_the_ask() -> None:
    told = hit(Fault(FaultKind.QUOTE_CROSSED, HIT, after(0)))

    assert (column(told, HIT, "bid")[0], column(told, HIT, "ask")[0]) == (101.0, 99.0)
    assert (column(told, HIT, "bid")[1], column(told, HIT, "ask")[1]) == (100.0, 102.0)


def test_a_day_without_volume_has_none_in_any_tick() -> None:
    told = hit(Fault(FaultKind.NO_VOLUME, HIT, OPEN))

    assert set(column(told, HIT, "volume")) == {0.0}
    assert set(column(told, HIT, "bid_quantity")) == {0.0}
    assert column(told, OTHER, "volume")[-1] == 1500.0


def test_a_tape_with_faults_says_so_and_leaves_the_sound_one_alone(tmp_path: Path) -> None:
    head = TapeHead(date(2026, 8, 12), "s", "m", (), (), OPEN, after(22_500), ("made",))
    sound = TapeReader(write_tape(tmp_path / "sound.tape", head, frames()))
    before = sound.sha256

    faulty = with_faults(
        sound,
        (Fault(FaultKind.ROW_REPEATED, HIT, after(20)), Fault(FaultKind.PRICE_ZERO, OTHER, OPEN)),
        tmp_path / "faulty.tape",
    )

    assert faulty.head.notes == (
        "made",
        "fault: ROW_REPEATED of 7 at 2026-08-12 09:15:20+05:30",
        "fault: PRICE_ZERO of 8 at 2026-08-12 09:15:00+05:30",
    )
    assert len(faulty) == 31
    assert faulty.frame(0).ticks["last"].tolist() == [100.0, 0.0]
    assert TapeReader(tmp_path / "sound.tape").sha256 == before
