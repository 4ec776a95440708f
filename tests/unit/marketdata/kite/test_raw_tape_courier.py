from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketdata.kite.raw_tape_courier import MOST_BYTES, Courier

APPENDED = os.O_RDWR | os.O_CREAT | os.O_APPEND


@pytest.fixture
def courier() -> Iterator[Courier]:
    opened = Courier()
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "spool", APPENDED)
    yield opened
    os.close(opened)


@given(batches=st.lists(st.lists(st.binary(max_size=50), max_size=4), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_batches_stand_in_the_file_in_their_order(courier, file, tmp_path, batches):
    os.ftruncate(file, 0)
    for batch in batches:
        courier.begin(file, batch)
        assert courier.end(wait=True) is True

    assert (tmp_path / "spool").read_bytes() == b"".join(map(b"".join, batches))


def test_as_much_as_it_may_carry_comes_whole(courier, file, tmp_path):
    told = os.urandom(MOST_BYTES)

    courier.begin(file, [told[:7], told[7:]])

    assert courier.end(wait=True) is True
    assert (tmp_path / "spool").read_bytes() == told


def test_what_was_given_may_change_once_it_was_begun(courier, file, tmp_path):
    told = bytearray(b"a" * 100_000)
    courier.begin(file, [told])
    told[:] = b"b" * 100_000

    assert courier.end(wait=True) is True
    assert (tmp_path / "spool").read_bytes() == b"a" * 100_000


def test_a_file_that_takes_nothing_is_told_and_the_next_one_is_carried(courier, file, tmp_path):
    closed = os.open(tmp_path / "spool", os.O_RDONLY)
    courier.begin(closed, [b"lost"])
    assert courier.end(wait=True) is False
    os.close(closed)

    courier.begin(file, [b"kept"])

    assert courier.end(wait=True) is True
    assert (tmp_path / "spool").read_bytes() == b"kept"


def test_it_is_free_once_the_end_is_known(courier, file):
    assert courier.is_free
    courier.begin(file, [b"told"])
    assert not courier.is_free

    courier.end(wait=True)

    assert courier.is_free


def test_an_end_that_is_not_waited_for_is_told_once_it_is_known(courier, file, tmp_path):
    courier.begin(file, [b"told"])
    ends = [courier.end(wait=False)]
    while ends[-1] is None:
        ends.append(courier.end(wait=False))

    assert ends[-1] is True
    assert courier.is_free
    assert (tmp_path / "spool").read_bytes() == b"told"
