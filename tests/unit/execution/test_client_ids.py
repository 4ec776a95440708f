from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.client_ids import client_id_of, dead_man_id_of, is_of_dead_man, is_of_run
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
    ("number", "counter"),
    [
        (0, "0000"),
        (35, "000Z"),
        (36, "0010"),
        (1295, "00ZZ"),
        (1296, "0100"),
        (46_656, "1000"),
        (36**4 - 1, "ZZZZ"),
        (36**4, "10000"),
        (36**5 + 10, "10000A"),
    ],
)
def test_a_counter_is_written_with_at_least_four_digits_of_base_36(
    number: int, counter: str
) -> None:
    assert client_id_of("R1", Role.EXIT, number) == f"R1X{counter}"


@given(st.integers(0, 36**8))
def test_a_counter_can_be_read_back(number: int) -> None:
    assert int(client_id_of("", Role.ENTRY, number).removeprefix("E"), 36) == number


@pytest.mark.parametrize(
    "told",
    ["", "R1", "R1E", "R1E001", "R1E00010", "R1Q0001", "R2E0001", "R1D12N3", "R12E0001", "byhand"],
)
def test_what_has_another_form_is_of_no_such_run(told: str) -> None:
    assert not is_of_run(told, "R1")


def test_a_run_without_a_code_has_no_orders() -> None:
    assert not is_of_run("E0001", "")
    assert not is_of_dead_man("D1N1", "")


@given(CODES, st.integers(0, 10**5), st.integers(1, 999), st.sampled_from(Role), NUMBERS)
def test_what_brings_a_run_out_is_told_from_what_its_engine_sent(
    code: str, token: int, number: int, role: Role, counter: int
) -> None:
    made = dead_man_id_of(code, token, number)

    assert is_of_dead_man(made, code)
    assert not is_of_run(made, code)
    assert not is_of_dead_man(client_id_of(code, role, counter), code)
    assert made.isalnum()


@pytest.mark.parametrize(
    "told", ["", "R1", "R1D", "R1D1", "R1D1N", "R1DN1", "R1D1N1X", "R12D1N1", "R2D1N1", "R1E0001"]
)
def test_what_has_another_form_brought_no_such_run_out(told: str) -> None:
    assert not is_of_dead_man(told, "R1")
