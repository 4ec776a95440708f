from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.client_ids import client_id_of, is_of_run
from execution.orders import Role

CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=12)
NUMBERS = st.integers(1, 36**4 - 1)


@given(CODES, st.sampled_from(Role), NUMBERS)
def test_an_id_is_of_its_run_and_fits_a_tag(code: str, role: Role, number: int) -> None:
    made = client_id_of(code, role, number)

    assert is_of_run(made, code)
    assert len(made) <= 20
    assert made.isalnum()


@given(CODES, st.sampled_from(Role), NUMBERS, NUMBERS)
def test_two_numbers_of_a_run_have_two_ids(code: str, role: Role, one: int, other: int) -> None:
    ids = client_id_of(code, role, one), client_id_of(code, role, other)

    assert (ids[0] == ids[1]) == (one == other)


@pytest.mark.parametrize(
    "told",
    ["", "R1", "R1E", "R1E001", "R1E00010", "R1Q0001", "R2E0001", "R1D12N3", "R12E0001", "byhand"],
)
def test_what_has_another_form_is_of_no_such_run(told: str) -> None:
    assert not is_of_run(told, "R1")


def test_a_run_without_a_code_has_no_orders() -> None:
    assert not is_of_run("E0001", "")
