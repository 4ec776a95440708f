"""Every reason for which a recorded bar is left out, alone and in company."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.bar_checks import RawBars, ScaleBreak, good_rows, ist_days, session_windows
from marketdata.calendar import IST, Calendar, CalendarUnknown, Hours
from marketdata.instruments import Segment

CALENDAR = Calendar.load()
CASH = Hours(CALENDAR, Segment.CASH, has_derivatives=False, is_index=False)
OPTIONS = replace(CASH, segment=Segment.OPTIONS)
OPEN = int(datetime(2026, 11, 23, 9, 15, tzinfo=IST).timestamp())


def bars(count: int = 10, price: float = 100.0) -> RawBars:
    flat = np.full(count, price)
    return RawBars(
        start=OPEN + 60 * np.arange(count),
        open=flat.copy(),
        high=flat + 1,
        low=flat - 1,
        close=flat.copy(),
        volume=np.full(count, 10.0),
    )


def test_clean_bars_all_pass() -> None:
    good, dropped = good_rows(bars(), CASH)

    assert good.all()
    assert not dropped


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("open", np.nan, "not-a-number"),
        ("high", np.inf, "not-a-number"),
        ("volume", np.nan, "not-a-number"),
        ("low", 0.0, "zero-or-negative"),
        ("close", -5.0, "zero-or-negative"),
        ("high", 99.0, "ohlc-order"),
        ("low", 100.5, "ohlc-order"),
        ("close", 101.5, "ohlc-order"),
        ("volume", -1.0, "negative-volume"),
        ("start", OPEN + 60, "duplicate-time"),
        ("start", OPEN + 30, "out-of-order"),
        ("start", OPEN + 86_400, "off-session"),
    ],
)
def test_one_bad_row_is_left_out_for_its_reason(field: str, value: float, reason: str) -> None:
    raw = bars()
    row = 9 if field == "start" and value > OPEN + 600 else 5
    getattr(raw, field)[row] = value

    good, dropped = good_rows(raw, CASH)

    assert dict(dropped) == {reason: 1}
    assert list(np.flatnonzero(~good)) == [row]


def test_a_lone_price_of_another_scale_is_left_out() -> None:
    raw = bars()
    for name in ("open", "high", "low", "close"):
        getattr(raw, name)[4] *= 100

    good, dropped = good_rows(raw, CASH)

    assert dict(dropped) == {"price-scale": 1}
    assert list(np.flatnonzero(~good)) == [4]


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_scale_that_stays_is_an_error_at_its_first_row(factor: float) -> None:
    raw = bars()
    for name in ("open", "high", "low", "close"):
        getattr(raw, name)[6:] *= factor

    with pytest.raises(ScaleBreak, match=r"jumps from 100\.0") as caught:
        good_rows(raw, CASH)

    assert caught.value.row == 6


def test_a_move_of_exactly_five_times_passes_and_a_little_more_does_not() -> None:
    raw = bars(2)
    for name in ("open", "high", "low", "close"):
        getattr(raw, name)[1] = 500.0
    above = bars(2)
    for name in ("open", "high", "low", "close"):
        getattr(above, name)[1] = 500.01

    assert good_rows(raw, CASH)[0].all()
    assert dict(good_rows(above, CASH)[1]) == {"price-scale": 1}


def test_options_may_leap() -> None:
    raw = bars()
    for name in ("open", "high", "low", "close"):
        getattr(raw, name)[6:] *= 20

    assert good_rows(raw, OPTIONS)[0].all()


def test_a_bad_row_neither_hides_nor_repeats_a_good_one() -> None:
    raw = bars()
    raw.close[3] = np.nan
    raw.start[4] = raw.start[3]

    good, dropped = good_rows(raw, CASH)

    assert dict(dropped) == {"not-a-number": 1}
    assert good[4]


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (datetime(2026, 11, 23, 9, 14, tzinfo=IST), False),
        (datetime(2026, 11, 23, 9, 15, tzinfo=IST), True),
        (datetime(2026, 11, 23, 15, 29, tzinfo=IST), True),
        (datetime(2026, 11, 23, 15, 30, tzinfo=IST), False),
        (datetime(2026, 11, 24, 10, 0, tzinfo=IST), False),
        (datetime(2026, 11, 8, 18, 30, tzinfo=IST), False),
        (datetime(2024, 3, 2, 10, 30, tzinfo=IST), False),
        (datetime(2024, 3, 2, 11, 30, tzinfo=IST), True),
    ],
)
def test_a_row_counts_only_inside_the_sessions_windows(moment: datetime, inside: bool) -> None:
    raw = replace(bars(1), start=np.array([int(moment.timestamp())]))

    good, _ = good_rows(raw, CASH)

    assert bool(good[0]) is inside


def test_a_year_without_calendar_is_an_error() -> None:
    raw = replace(bars(1), start=np.array([int(datetime(2019, 5, 2, 10, tzinfo=IST).timestamp())]))

    with pytest.raises(CalendarUnknown):
        good_rows(raw, CASH)


def test_days_are_counted_in_ist() -> None:
    late_utc = int(datetime(2026, 11, 23, 0, 30, tzinfo=IST).timestamp())

    assert ist_days(np.array([late_utc]))[0] == date(2026, 11, 23).toordinal()


def test_a_closed_day_has_no_windows() -> None:
    assert session_windows(CASH, date(2026, 11, 24).toordinal()) is None


numbers = st.one_of(
    st.floats(50, 150), st.sampled_from([0.0, -1.0, np.nan, np.inf, 1e4, 100.0, 100.0])
)


@given(
    st.lists(
        st.tuples(st.integers(-5, 400), numbers, numbers, numbers, numbers, numbers),
        max_size=12,
    )
)
def test_what_passes_is_sound_and_every_row_is_accounted_for(
    rows: list[tuple[int, float, float, float, float, float]],
) -> None:
    table = np.array(rows, dtype=np.float64).reshape(-1, 6).T
    raw = RawBars(OPEN + 60 * table[0].astype(np.int64), *table[1:])

    try:
        good, dropped = good_rows(raw, CASH)
    except ScaleBreak:
        return

    assert np.count_nonzero(good) + sum(dropped.values()) == len(rows)
    assert (np.diff(raw.start[good]) > 0).all()
    for name in ("open", "high", "low", "close"):
        assert (getattr(raw, name)[good] > 0).all()
    assert (raw.low[good] <= raw.open[good]).all()
    assert (raw.close[good] <= raw.high[good]).all()
    assert (raw.volume[good] >= 0).all()
