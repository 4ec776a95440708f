from __future__ import annotations

import pytest

from trading.simulation.batch import SeedsError, kinds_of, names_of, outcomes
from trading.simulation.troubles import Kind


def test_seeds_and_days_name_the_days():
    assert names_of("3..4", 2) == ["3.1", "3.2", "4.1", "4.2"]
    assert names_of("7", 1) == ["7.1"]


@pytest.mark.parametrize(("seeds", "days"), [("4..3", 1), ("x", 1), ("1..", 1), ("1..2", 0)])
def test_seeds_that_cannot_be_read_are_named(seeds: str, days: int):
    with pytest.raises(SeedsError, match="--seeds"):
        names_of(seeds, days)


def test_faults_are_all_none_or_named():
    assert kinds_of("all") == tuple(Kind)
    assert kinds_of("none") == ()
    assert kinds_of("crash, lose-answer") == (Kind.CRASH, Kind.LOSE_ANSWER)


def test_a_fault_nobody_knows_is_named_with_those_that_are():
    with pytest.raises(SeedsError, match=r"'flood', expected all, none or some of .*crash"):
        kinds_of("crash,flood")


def test_days_come_out_in_the_order_of_their_names():
    found = [outcome.told.name for outcome in outcomes(["2.1", "1.1"], (), 1)]

    assert found == ["2.1", "1.1"]
