from __future__ import annotations

import pytest

from execution.orders import Role
from tests.unit.trading.engine.builders import at
from trading.engine.actions import AlertNoted, RiskNoted
from trading.engine.outbox import Outbox


def test_what_was_said_is_drained_once_in_order():
    outbox = Outbox("T1")
    outbox.risk(at(10, 0), "first", "one")
    outbox.alert(at(10, 0), "second", "two")

    first, second = outbox.drain()

    assert (type(first), type(second)) == (RiskNoted, AlertNoted)
    assert outbox.drain() == ()


def test_codes_count_in_a_series_of_their_own():
    outbox = Outbox("T1")

    assert [outbox.code("S"), outbox.code("P"), outbox.code("S")] == [
        "S000001",
        "P000001",
        "S000002",
    ]


def test_order_ids_name_run_role_and_number_and_never_repeat():
    outbox = Outbox("RUN42")

    ids = [outbox.client_id(role) for role in Role for _ in range(500)]

    assert ids[0] == "RUN42E0001"
    assert ids[36] == "RUN42E0011"
    assert len(set(ids)) == len(ids)


def test_an_order_id_of_the_longest_run_code_still_fits_the_broker():
    outbox = Outbox("A" * 12)

    assert len(outbox.client_id(Role.STOP)) <= 20


@pytest.mark.parametrize("code", ["", "A" * 13, "run", "A-1"])
def test_a_run_code_that_brokers_would_not_take_is_refused(code):
    with pytest.raises(ValueError, match="run_code"):
        Outbox(code)
