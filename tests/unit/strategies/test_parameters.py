from __future__ import annotations

from math import inf, nan
from types import SimpleNamespace

import pytest

from strategies.parameters import check_choice, check_order, check_range


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_both_ends_of_a_range_are_allowed(value: float) -> None:
    check_range(SimpleNamespace(share=value), 0, 1, "share")


@pytest.mark.parametrize("value", [-0.01, 1.01, nan, inf])
def test_a_value_outside_or_no_number_is_named_with_the_range(value: float) -> None:
    with pytest.raises(ValueError, match=r"share: .*, expected 0 to 1$"):
        check_range(SimpleNamespace(share=value), 0, 1, "share")


def test_an_open_range_is_told_in_words() -> None:
    with pytest.raises(ValueError, match=r"volume: -1, expected 0 or more$"):
        check_range(SimpleNamespace(volume=-1), 0, inf, "volume")


def test_equal_values_are_not_in_order() -> None:
    with pytest.raises(ValueError, match=r"fast: 9, expected below slow \(9\)"):
        check_order(SimpleNamespace(fast=9, slow=9), "fast", "slow")


def test_an_unknown_choice_is_told_what_is_known() -> None:
    check_choice(SimpleNamespace(mode="atr"), "mode", ("swing", "atr"))
    with pytest.raises(ValueError, match="mode: 'far', expected one of atr, swing"):
        check_choice(SimpleNamespace(mode="far"), "mode", ("swing", "atr"))
