"""The short way to one lot's charges says what the cost model of the gate says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from strategies.signals import Direction
from strategies.structures import Quote
from tests.unit.strategies.ranking_market import candidate
from trading.engine.proposals import charges_of_a_lot, costs_of

ON = date(2026, 10, 6)
BOOK = (Quote(100.0, 99.95, 100.05, 500.0, 500.0),)


@given(
    st.sampled_from([Direction.LONG, Direction.SHORT]),
    st.floats(20.0, 5_000.0),
    st.floats(0.1, 10.0),
)
def test_a_lot_of_one_contract_costs_what_its_cost_model_says(
    way: Direction, entry: float, risk: float
) -> None:
    made = candidate(direction=way).structure
    structure = structs.replace(made, entry=entry, stop=entry - way * risk)

    found = charges_of_a_lot(structure, BOOK, ON, with_charges=True)

    assert found == float(costs_of(structure, BOOK, ON, with_charges=True).round_trip(1))
    assert found > 0


@pytest.mark.parametrize("way", [Direction.LONG, Direction.SHORT])
def test_without_charges_a_lot_costs_nothing(way: Direction) -> None:
    structure = candidate(direction=way).structure

    assert charges_of_a_lot(structure, BOOK, ON, with_charges=False) == 0.0
