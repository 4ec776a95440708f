from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.slicing import parts, slices


@pytest.mark.parametrize(
    ("quantity", "lot_size", "freeze", "expected"),
    [
        (3900, 65, 1800, (1755, 1755, 390)),
        (1820, 65, 1800, (1755, 65)),
        (1500, 20, 1000, (1000, 500)),
        (1000, 20, 1000, (1000,)),
        (1755, 65, 1800, (1755,)),
        (120, 120, None, (120,)),
        (0, 65, 1800, ()),
    ],
)
def test_golden_slices(
    quantity: int, lot_size: int, freeze: int | None, expected: tuple[int, ...]
) -> None:
    assert slices(quantity, lot_size, freeze) == expected


@pytest.mark.parametrize(
    ("quantity", "lot_size", "freeze", "field"),
    [(66, 65, 1800, "quantity"), (-65, 65, 1800, "quantity"), (65, 65, 64, "freeze_quantity")],
)
def test_what_cannot_be_cut_is_an_error_naming_the_field(
    quantity: int, lot_size: int, freeze: int, field: str
) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        slices(quantity, lot_size, freeze)


@given(
    lots=st.integers(0, 500),
    lot_size=st.integers(1, 1500),
    lots_to_freeze=st.integers(1, 60),
    odd=st.integers(0, 1499),
)
def test_slices_add_up_in_whole_lots_within_the_freeze(
    lots: int, lot_size: int, lots_to_freeze: int, odd: int
) -> None:
    freeze = lots_to_freeze * lot_size + odd % lot_size

    parts = slices(lots * lot_size, lot_size, freeze)

    assert sum(parts) == lots * lot_size
    assert all(0 < part <= freeze and part % lot_size == 0 for part in parts)
    assert list(parts) == sorted(parts, reverse=True)
    assert len(parts) == -(-lots // lots_to_freeze)


@given(
    quantity=st.integers(min_value=0, max_value=20_000),
    lot_size=st.integers(min_value=1, max_value=100),
    lots=st.integers(min_value=1, max_value=30),
)
def test_all_that_is_held_is_cut_up_a_part_of_a_lot_last(
    quantity: int, lot_size: int, lots: int
) -> None:
    freeze = lot_size * lots

    cut = parts(quantity, lot_size, freeze)

    assert sum(cut) == quantity
    assert cut[: quantity // freeze] == (freeze,) * (quantity // freeze)
    assert all(0 < part <= freeze for part in cut)
    assert all(part % lot_size == 0 for part in cut[:-1])


@pytest.mark.parametrize(
    ("quantity", "expected"), [(0, ()), (64, (64,)), (65, (65,)), (66, (65, 1)), (140, (130, 10))]
)
def test_a_part_of_a_lot_goes_by_itself(quantity: int, expected: tuple[int, ...]) -> None:
    assert parts(quantity, 65, 130) == expected
