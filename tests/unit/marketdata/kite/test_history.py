"""Candles as Kite tells them, as arrays; anything else is refused."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.calendar import IST
from marketdata.kite.history import candles_of
from marketdata.sources import CandleSpan, Interval, SourceFailed

OPEN = datetime(2026, 10, 6, 9, 15, tzinfo=IST)
ROW = ["2026-10-06T09:15:00+0530", 100.5, 101, 100, 100.95, 1200]


def test_candles_become_arrays() -> None:
    told = candles_of({"candles": [[*ROW, 7], ["2026-10-06T09:16:00+0530", 1, 2, 3, 4, 5, 6]]})

    assert len(told) == 2
    assert told.start.tolist() == [int(OPEN.timestamp()), int(OPEN.timestamp()) + 60]
    assert [told.open[0], told.high[0], told.low[0], told.close[0]] == [100.5, 101, 100, 100.95]
    assert (told.volume.tolist(), told.oi.tolist()) == ([1200, 5], [7, 6])


def test_without_open_interest_it_is_not_known() -> None:
    assert np.isnan(candles_of({"candles": [ROW]}).oi).all()


def test_no_candles_are_an_answer_too() -> None:
    assert len(candles_of({"candles": []})) == 0


def test_what_is_null_is_not_a_number() -> None:
    told = candles_of({"candles": [[ROW[0], None, 101, 100, 100.95, None]]})

    assert np.isnan(told.open[0])
    assert np.isnan(told.volume[0])


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"candles": None},
        {"candles": [{}]},
        {"candles": [ROW[:5]]},
        {"candles": [ROW, [*ROW, 7]]},
        {"candles": [[*ROW[:5], "1200"]]},
        {"candles": [[*ROW[:5], True]]},
        {"candles": [[*ROW[:5], [1]]]},
        {"candles": [["2026-10-06 09:15:00", *ROW[1:]]]},
        {"candles": [["2026-10-06T09:15:00+0000", *ROW[1:]]]},
        {"candles": [["2026-13-06T09:15:00+0530", *ROW[1:]]]},
        {"candles": [[1_700_000_000, *ROW[1:]]]},
        {"candles": [[ROW[0], 10**400, *ROW[2:]]]},
    ],
)
def test_what_is_no_list_of_candles_is_refused(told: object) -> None:
    with pytest.raises(SourceFailed, match="candles: "):
        candles_of(told)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(JSON | st.fixed_dictionaries({"candles": JSON}))
def test_any_answer_gives_candles_or_the_one_failure(told: object) -> None:
    try:
        candles = candles_of(told)
    except SourceFailed:
        return
    assert len(candles.close) == len(candles)


def test_a_span_needs_aware_moments_in_their_order() -> None:
    with pytest.raises(ValueError, match="aware"):
        CandleSpan(1, Interval.MINUTE, datetime(2026, 10, 6), OPEN)
    with pytest.raises(ValueError, match="is before"):
        CandleSpan(1, Interval.MINUTE, OPEN, OPEN.replace(hour=8))
