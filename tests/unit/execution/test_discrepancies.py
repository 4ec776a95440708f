"""The names of disagreements, and what each asks of the desk."""

from __future__ import annotations

import pytest

from execution.discrepancies import POLICIES, Discrepancy, DiscrepancyKind, Policy, told_kind

K = DiscrepancyKind
HANDS_OFF = {K.FOREIGN_ORDER}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (K.POSITION, "position"),
        (K.ORDER_PRICE, "order-price"),
        (K.TWIN_ORDER, "twin-order"),
        (K.FOREIGN_POSITION, "foreign-position"),
    ],
)
def test_a_kind_is_told_in_small_letters_and_dashes(kind: DiscrepancyKind, told: str) -> None:
    assert told_kind(kind) == told


def test_each_kind_has_a_policy_and_words_for_it_and_its_name_is_its_own() -> None:
    assert set(POLICIES) == set(K)
    assert all(why for _, why in POLICIES.values())
    assert len({told_kind(kind) for kind in K}) == len(K)


@pytest.mark.parametrize("kind", K)
def test_a_disagreement_carries_the_policy_of_its_kind(kind: DiscrepancyKind) -> None:
    found = Discrepancy(kind, "RUN1E0001", "OPEN 0", "FILLED 65")

    assert found.policy is POLICIES[kind][0]
    assert (found.policy is Policy.IGNORE) == (kind in HANDS_OFF)
