"""What the broker has of a run, as its own answers in the journal tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from execution.orders import Fill, OrderRequest, OrderState, OrderType, OrderUpdate, Role, Side
from tests.unit.trading.engine.builders import FUTURE, D, at
from trading.engine.actions import PlaceOrder
from trading.engine.events import BrokerSaid, TwinFound
from trading.journal import JournalFile
from trading.services.broker_book import BrokerBook, broker_book

NOON = at(12, 0)
S = OrderState
ENTRY = OrderRequest("E1", FUTURE, Side.BUY, 65, OrderType.LIMIT, Role.ENTRY, "P1", price=D(24_000))
SENT = PlaceOrder(NOON, ENTRY)


def fill(trade_id: str = "T1", broker_id: str = "B1") -> Fill:
    return Fill(trade_id, "E1", broker_id, FUTURE, Side.BUY, 65, D(24_000), NOON)


def said(state: OrderState, filled: int = 0, *fills: Fill, broker_id: str = "B1") -> BrokerSaid:
    return BrokerSaid(NOON, OrderUpdate("E1", broker_id, NOON, state, filled, fills))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.journal"


def book_after(path: Path, *records: object) -> BrokerBook:
    journal = JournalFile(path)
    for record in records:
        incoming = not isinstance(record, PlaceOrder)
        journal.append(type(record).__name__, record, incoming=incoming)
    journal.close()
    return broker_book(path)


def test_a_run_without_a_journal_holds_nothing(path):
    assert broker_book(path).is_flat


def test_an_order_that_was_sent_works_until_it_is_over(path):
    assert book_after(path, SENT).working == {"E1"}


@pytest.mark.parametrize("end", [S.REJECTED, S.CANCELLED, S.PLANNED])
def test_an_order_that_is_over_or_was_never_there_works_no_more(path, end):
    assert book_after(path, SENT, said(S.UNKNOWN, broker_id=""), said(end)).is_flat


def test_what_has_filled_is_held(path):
    book = book_after(path, SENT, said(S.FILLED, 65, fill()))

    assert (book.held, book.working) == ({FUTURE.key: 65}, frozenset())


@pytest.mark.parametrize("end", [S.FILLED, S.CANCELLED])
def test_what_is_said_to_have_filled_and_no_trade_proves_is_not_flat(path, end):
    book = book_after(path, SENT, said(end, 65))

    assert book.working == {"E1"}


def test_the_trades_of_a_claim_may_come_with_other_news(path):
    book = book_after(path, SENT, said(S.FILLED, 65), said(S.PARTIAL, 65, fill()))

    assert (book.held, book.working) == ({FUTURE.key: 65}, frozenset())


def test_news_that_comes_late_brings_no_order_back(path):
    assert book_after(path, SENT, said(S.OPEN), said(S.CANCELLED), said(S.OPEN)).is_flat


def test_an_order_that_fills_on_after_its_cancellation_works_again(path):
    book = book_after(path, SENT, said(S.CANCELLED), said(S.PARTIAL, 65, fill()))

    assert book.working == {"E1"}


def test_a_second_order_under_one_id_works_until_it_is_over_too(path):
    twin = TwinFound(NOON, "E1", OrderUpdate("E1", "B2", NOON, S.OPEN))
    own = OrderUpdate("E2", "B2", NOON, S.CANCELLED)
    records = (SENT, said(S.OPEN), said(S.CANCELLED), twin)

    assert book_after(path, *records).working == {"B2"}
    assert book_after(path, BrokerSaid(NOON, own)).is_flat
