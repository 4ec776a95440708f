from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ran_day import RanDay, ran_day
from trading.broadcast_delta import applied, changes
from trading.broadcast_state import DeskState
from trading.journal import Record


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> RanDay:
    return ran_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def moments(day: RanDay) -> list[tuple[Record, dict[str, Any]]]:
    """Return every record that a page may see anything of, and the state behind it."""
    state = DeskState(day.facts())
    found = []
    for record in day.records():
        if record.kind == "MarketStep":
            state.prices(day.tape.frame(record.body["frame"]))
        state.take(record)
        if record.kind not in ("Frame", "MarketStep", "SetTimer", "TimerFired"):
            found.append((record, state.document()))
    return found


@pytest.fixture(scope="module")
def last(moments) -> dict[str, Any]:
    return moments[-1][1]


def test_the_account_is_worth_what_the_engine_says_at_every_minute(moments):
    """The engine noted its equity from its own books; ours comes from notes and tape alone."""
    told = [
        (record.body, float(record.body["equity"]), document["account"]["equity"])
        for record, document in moments
        if record.kind == "EquityNoted"
    ]

    assert sum(1 for body, *_ in told if float(body["unrealised"])) > 20
    assert [equities for _, *equities in told if abs(equities[0] - equities[1]) > 0.011] == []


def test_a_finished_day_is_flat_and_its_figures_add_up(last):
    account, positions = last["account"], last["positions"]
    booked = pytest.approx(account["realised"], abs=0.03)

    assert last["run"]["state"] == "FINISHED"
    assert (account["positions_open"], account["unrealised"], account["heat"]) == (0, 0, 0)
    assert sum(entry["net"] for entry in positions) == booked
    assert sum(entry["net"] for entry in last["strategies"]) == booked
    assert sum(entry["charges"] for entry in positions) == pytest.approx(
        account["charges"], abs=0.01
    )
    assert account["day_profit"] == account["realised"]


def test_an_open_position_shows_the_way_out_and_where_it_came_from(moments):
    state = next(document for record, document in moments if record.kind == "PositionNoted")

    (position,) = state["positions"]
    (signal,) = [s for s in state["signals"] if s["id"] == position["signal_id"]]
    assert position["state"] == "OPEN"
    assert position["target1"] is not None
    assert position["stop"] is not None
    assert signal["decision"]["decision_id"] == position["decision_id"]
    assert signal["decision"]["approved"] is True
    assert signal["decision"]["verdicts"]
    assert state["account"]["margin_used"] > 0
    assert state["account"]["heat"] > 0


def test_a_position_is_covered_by_what_the_broker_has_confirmed_and_by_no_more(moments):
    held = 0
    for record, document in moments:
        resting: dict[str, int] = {}
        for order in document["orders"]:
            if order["role"] in ("STOP", "EXIT") and order["state"] in ("OPEN", "PARTIAL"):
                left = order["quantity"] - order["filled_quantity"]
                resting[order["plan_id"]] = resting.get(order["plan_id"], 0) + left
        for position in document["positions"]:
            units = abs(position["quantity"])
            assert position["confirmed"] == min(resting.get(position["plan_id"], 0), units)
            held += bool(position["confirmed"]) and record.kind == "OrderNoted"
    assert held > 10


def test_a_stop_on_its_way_is_asked_for_and_covers_nothing_yet(moments):
    first = next(document for record, document in moments if record.kind == "PositionNoted")
    later = next(d for _, d in moments if d["positions"] and d["positions"][0]["confirmed"])

    (position,) = first["positions"]
    assert (position["protected"], position["confirmed"]) == (abs(position["quantity"]), 0)
    assert later["positions"][0]["confirmed"] == abs(later["positions"][0]["quantity"])


def test_an_order_tells_its_life(last):
    filled = [order for order in last["orders"] if order["state"] == "FILLED"]
    entry = next(order for order in filled if order["role"] == "ENTRY")
    assert entry["life"][0]["state"] == "SENT"
    assert entry["life"][-1]["state"] == "FILLED"
    assert entry["life"][-1]["at"] == entry["at"]


@pytest.mark.parametrize("name", ["price", "trigger_price"])
def test_a_step_of_an_order_s_life_tells_the_prices_that_changed(last, name):
    told = {
        order["id"]: [step[name] for step in order["life"] if name in step]
        for order in last["orders"]
    }

    for order in last["orders"]:
        assert (told[order["id"]] or [None])[-1] == order[name]
    moved = [prices for prices in told.values() if len(prices) > 1]
    assert moved, "a made day moves a stop or prices an exit anew"
    assert all(before != after for prices in moved for before, after in pairwise(prices))


@pytest.mark.parametrize("name", ["orders", "signals", "fills", "events"])
def test_lists_begin_with_the_newest(last, name):
    begun = [entry["life"][0]["at"] if name == "orders" else entry["at"] for entry in last[name]]

    assert len(begun) > (name != "events")
    assert begun == sorted(begun, reverse=True)


def test_positions_begin_with_the_one_opened_last(last):
    opened = [entry["opened_at"] for entry in last["positions"]]

    assert len(opened) > 1
    assert opened == sorted(opened, reverse=True)


def test_moments_are_told_in_exchange_time(day, last):
    assert last["at"] == day.tape.head.session_close.isoformat()
    assert all(at.endswith("+05:30") for at, _, _ in last["equity"])


def test_the_document_is_plain_json(last):
    assert msgspec.json.decode(msgspec.json.encode(last)) == last


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.floats(0, 1), max_size=6).map(sorted))
def test_deltas_between_any_moments_lead_from_the_first_document_to_the_last(moments, cuts):
    stops = [moments[int(cut * (len(moments) - 1))][1] for cut in [0.0, *cuts, 1.0]]
    page = stops[0]

    for before, after in pairwise(stops):
        page = applied(page, 0, changes(before, after))

    assert page == moments[-1][1]


def test_a_document_never_changes_afterwards(day):
    state, records = DeskState(day.facts()), day.records()
    for record in records[: len(records) // 2]:
        state.take(record)
    early = state.document()
    text = msgspec.json.encode(early)

    for record in records[len(records) // 2 :]:
        state.take(record)

    assert msgspec.json.encode(early) == text
    assert state.document() != early


def test_a_run_without_a_tape_shows_no_prices_and_the_same_balance(day, last):
    state = DeskState(replace(day.facts(), instruments=(), previous_close={}))
    for record in day.records():
        state.take(record)

    document = state.document()
    assert document["watch"] == []
    assert document["health"]["feed"] == {"at": None, "age_s": None}
    assert document["account"]["balance"] == last["account"]["balance"]


def test_the_kill_switch_shows_what_blocks_entries(day):
    state = DeskState(day.facts())
    body = {"at": "2026-10-06T11:00:00+05:30", "state": "HALTED", "blocked_by": ["kill-switch"]}

    state.take(Record(1, "StateNoted", False, body, 0))

    document = state.document()
    assert (document["trading_state"], document["blocked_by"]) == ("HALTED", ["kill-switch"])
    assert document["events"][0]["text"] == "blocked by kill-switch"
