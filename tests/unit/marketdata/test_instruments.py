"""An instrument names itself and its segment, whoever asked before."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from marketdata.instruments import Exchange, Instrument, Kind, Segment


def future() -> Instrument:
    return Instrument(
        token=1,
        exchange=Exchange.NFO,
        symbol="NIFTY26NOVFUT",
        name="NIFTY",
        kind=Kind.FUTURE,
        lot_size=75,
        tick_size=Decimal("0.05"),
    )


def test_a_key_is_exchange_and_symbol_and_a_plain_text() -> None:
    item = future()

    assert item.key == "NFO:NIFTY26NOVFUT"
    assert type(item.key) is str
    assert item.key is item.key


def test_one_that_was_asked_for_its_key_equals_one_that_was_not() -> None:
    asked, other = future(), future()

    assert asked.key

    assert asked == other
    assert hash(asked) == hash(other)
    assert repr(asked) == repr(other)
    assert msgspec.json.encode(asked) == msgspec.json.encode(other)


@pytest.mark.parametrize("asked_before", [False, True])
def test_copies_are_told_by_their_own_symbol(*, asked_before: bool) -> None:
    item = future()
    if asked_before:
        assert item.key

    assert replace(item, symbol="OTHER").key == "NFO:OTHER"
    assert copy.copy(item).key == item.key
    assert pickle.loads(pickle.dumps(item)).key == item.key


@pytest.mark.parametrize(
    ("kind", "segment"),
    [
        (Kind.INDEX, Segment.CASH),
        (Kind.EQUITY, Segment.CASH),
        (Kind.FUTURE, Segment.FUTURES),
        (Kind.CALL, Segment.OPTIONS),
        (Kind.PUT, Segment.OPTIONS),
    ],
)
def test_every_kind_has_a_segment(kind: Kind, segment: Segment) -> None:
    assert replace(future(), kind=kind).segment is segment
