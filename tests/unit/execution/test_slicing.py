from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.slicing import slices


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
