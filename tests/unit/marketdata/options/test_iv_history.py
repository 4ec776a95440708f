"""Volatility at a constant maturity, where it stands among days before, and the file of them."""

from __future__ import annotations

from datetime import date, timedelta
from math import isnan, nan, sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.options.iv_file import FILE, read_histories, write_histories
from marketdata.options.iv_history import (
    IvDay,
    IvSettings,
    NoStanding,
    iv_percentile,
    iv_rank,
    standing,
)
from marketdata.options.term import TermPoint, constant_maturity
from marketdata.tables import DataFileError

TODAY = date(2026, 10, 7)
FIVE = IvSettings(sessions=5, least=3)
LEVELS = st.lists(st.floats(0.05, 1.0), min_size=2, max_size=40)


def days(*levels: float) -> tuple[IvDay, ...]:
    first = TODAY - timedelta(days=len(levels))
    return tuple(IvDay(first + timedelta(days=n), level) for n, level in enumerate(levels))


def in_days(number: float, volatility: float) -> TermPoint:
    return TermPoint(number / 365, volatility)


def test_between_two_expiries_total_variance_runs_straight():
    found = constant_maturity([in_days(20, 0.10), in_days(50, 0.20)])

    # A third of the way: (2/3 * 0.01 * 20 + 1/3 * 0.04 * 50) / 30, as variance a year.
    assert found == pytest.approx(sqrt((2 / 3 * 0.01 * 20 + 1 / 3 * 0.04 * 50) / 30))


def test_an_expiry_at_the_maturity_is_the_answer():
    points = [in_days(7, 0.1), in_days(30, 0.15), in_days(58, 0.2)]

    assert constant_maturity(points) == pytest.approx(0.15)


def test_beyond_the_expiries_the_volatility_of_the_last_one_stays():
    assert constant_maturity([in_days(6, 0.12)]) == 0.12
    assert constant_maturity([in_days(6, 0.12), in_days(20, 0.14)]) == 0.14
    assert constant_maturity([in_days(40, 0.16), in_days(60, 0.2)]) == 0.16


def test_the_last_two_days_say_nothing_of_a_month():
    assert constant_maturity([in_days(0.2, 0.45), in_days(20, 0.14)]) == 0.14
    assert isnan(constant_maturity([in_days(0.2, 0.45)]))
    assert isnan(constant_maturity([]))


def test_rank_and_percentile_are_worked_out_by_hand():
    found = standing(days(0.10, 0.20, 0.12, 0.14), 0.13, TODAY, FIVE)

    # Lower: 0.10 and 0.12 of four. Between 0.10 and 0.20 it stands three tenths up.
    assert (found.percentile, found.missing) == (50.0, None)
    assert found.rank == pytest.approx(30.0)


def test_a_day_as_volatile_as_now_is_not_lower():
    assert standing(days(0.10, 0.12, 0.14), 0.12, TODAY, FIVE).percentile == pytest.approx(100 / 3)


def test_beyond_everything_stored_it_ranks_at_the_ends():
    high = standing(days(0.10, 0.12, 0.14), 0.50, TODAY, FIVE)
    low = standing(days(0.10, 0.12, 0.14), 0.05, TODAY, FIVE)

    assert (high.percentile, high.rank) == (100.0, 100.0)
    assert (low.percentile, low.rank) == (0.0, 0.0)


def test_only_the_newest_sessions_before_the_day_count():
    old_and_new = (*days(0.9, 0.1, 0.2, 0.3, 0.4, 0.5), IvDay(TODAY, 0.9))

    found = standing(old_and_new, 0.45, TODAY, FIVE)

    assert found.percentile == 80.0


def test_days_of_another_year_do_not_count() -> None:
    old, new = days(0.1, 0.2, 0.3), IvSettings(sessions=5, least=3, reach_days=3)
    later = TODAY + timedelta(days=1)

    assert standing(old, 0.25, TODAY, new).missing is None
    assert standing(old, 0.25, later, new).missing is NoStanding.TOO_SHORT
    assert standing(old, 0.25, later + timedelta(days=2), new).missing is NoStanding.NO_HISTORY


@pytest.mark.parametrize(
    ("history", "now", "why"),
    [
        ((), 0.1, NoStanding.NO_HISTORY),
        (days(0.1, 0.2), 0.1, NoStanding.TOO_SHORT),
        (days(0.1, 0.1, 0.1), 0.1, NoStanding.FLAT),
        (days(0.1, 0.2, 0.3), nan, NoStanding.NO_VOLATILITY),
        (days(0.1, 0.2, 0.3), 0.0, NoStanding.NO_VOLATILITY),
    ],
)
def test_without_enough_to_compare_with_there_is_no_standing_but_a_reason(history, now, why):
    found = standing(history, now, TODAY, FIVE)

    assert isnan(found.percentile)
    assert isnan(found.rank)
    assert found.missing is why
    assert found.why_not.startswith(str(why))


def test_why_there_is_no_standing_is_told_with_the_numbers():
    def told(*levels: float) -> str:
        return standing(days(*levels), 0.1, TODAY, FIVE).why_not

    assert told(0.1, 0.2).endswith(": 2, expected 3 or more")
    assert told(0.1, 0.1, 0.1).endswith(": 10.00% on all of 3 days")
    assert told(0.1, 0.2, 0.3) == ""


def test_a_percentile_needs_sixty_days_unless_a_desk_says_otherwise():
    assert (IvSettings().least, IvSettings().sessions) == (60, 252)


@given(LEVELS, st.floats(0.01, 2.0), st.floats(0.0, 1.0))
def test_neither_falls_when_volatility_rises(before, now, more):
    assert iv_percentile(before, now) <= iv_percentile(before, now + more)
    if min(before) < max(before):
        assert 0.0 <= iv_rank(before, now) <= iv_rank(before, now + more) <= 100.0


def test_nothing_ranks_among_nothing():
    assert isnan(iv_percentile((), 0.1))
    assert isnan(iv_rank((), 0.1))
    assert isnan(iv_rank((0.1, 0.1), 0.1))


@pytest.mark.parametrize(
    ("wrong", "named"), [((252, 1), "least"), ((10, 11), "least"), ((10, 5, 4), "reach_days 4")]
)
def test_settings_that_make_no_sense_are_refused(wrong, named):
    with pytest.raises(ValueError, match=f"iv_history: {named}"):
        IvSettings(*wrong)


def test_an_impossible_volatility_is_refused():
    with pytest.raises(ValueError, match="expected 0 to 10"):
        IvDay(TODAY, 0.0)


def test_histories_come_back_from_their_file_as_they_went_in(tmp_path: Path):
    told = {"NIFTY": days(0.1234567, 0.2), "BANKNIFTY": days(0.15)}

    write_histories(tmp_path / "before", told, "made, for a test")

    assert read_histories(tmp_path / "before") == told


def test_no_folder_and_no_file_are_no_history(tmp_path: Path):
    assert read_histories(None) == {}
    assert read_histories(tmp_path) == {}


def test_days_out_of_order_are_refused_on_both_ways(tmp_path: Path):
    with pytest.raises(ValueError, match="follows"):
        write_histories(tmp_path, {"NIFTY": days(0.1, 0.2)[::-1]}, "test")
    assert not (tmp_path / FILE).exists()
    lines = "NIFTY,2026-10-06,0.1,test\nNIFTY,2026-10-05,0.1,test\n"
    (tmp_path / FILE).write_text(f"underlying,day,volatility,source\n{lines}")
    with pytest.raises(DataFileError, match="NIFTY: iv_history: 2026-10-05 follows 2026-10-06"):
        read_histories(tmp_path)


def test_a_bad_line_is_named(tmp_path: Path):
    head = "underlying,day,volatility,source\n"
    (tmp_path / FILE).write_text(f"{head}NIFTY,2026-10-06,12.5,test\n")

    with pytest.raises(DataFileError, match=r"line 2: volatility: 12\.5"):
        read_histories(tmp_path)
