"""Somebody else trades in the desk's account: seen and told apart over sockets, never touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from kiteconnect import KiteConnect

from execution.discrepancies import DiscrepancyKind
from execution.orders import Order, OrderRequest, OrderState, OrderType, Role, Side
from execution.orders_book import apply_update
from execution.positions import Position, apply
from execution.reconcile import Reconciliation, reconcile
from tests.contracts.kite.broker_venue import KiteVenue, kite_venue
from tests.contracts.test_broker_contract import CALL, D

RUN = "RUN1"


class Account:
    """The desk's books, and the hand of a person in the same account."""

    def __init__(self, venue: KiteVenue) -> None:
        self.venue = venue
        self.orders: list[Order] = []
        self.position = Position(CALL)
        self.trades: set[str] = set()
        keys = venue.login
        self.person = KiteConnect(keys.api_key, access_token=keys.access_token, root=keys.root)

    async def ask(self, call: str, **told: object) -> object:
        return await asyncio.to_thread(getattr(self.person, call), **told)

    async def by_hand(self, side: str, quantity: int, price: float, tag: str = "") -> object:
        """Let the person send a limit order as the app would."""
        return await self.ask(
            "place_order",
            variety="regular",
            exchange="NFO",
            tradingsymbol=CALL.symbol,
            transaction_type=side,
            quantity=quantity,
            product="MIS",
            order_type="LIMIT",
            price=price,
            tag=tag or None,
        )

    async def enter(self, client_id: str, quantity: int) -> None:
        """Let the desk buy at 100."""
        request = OrderRequest(
            client_id, CALL, Side.BUY, quantity, OrderType.LIMIT, Role.ENTRY, "P1", price=D(100)
        )
        update = await self.venue.broker.place(request)
        self.orders.append(apply_update(Order(request, OrderState.SENT), update, self.trades)[0])

    async def look(self) -> Reconciliation:
        """Hold the books against the broker's and fold in what is missing."""
        book = await self.venue.broker.book()
        found = reconcile(self.orders, [self.position], book, self.trades, RUN)
        for update in found.updates:
            [at] = [n for n, o in enumerate(self.orders) if o.request.client_id == update.client_id]
            self.orders[at], fills = apply_update(self.orders[at], update, self.trades)
            for fill in fills:
                self.position = apply(self.position, fill)
                self.trades.add(fill.trade_id)
        return found


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with kite_venue(CALL) as venue:
        opened = Account(venue)
        yield opened
        opened.person.reqsession.close()


async def test_an_order_by_hand_is_seen_and_the_books_agree_beside_it(account: Account) -> None:
    await account.by_hand("BUY", 130, 90.0)

    found = await account.look()

    [order] = found.foreign.orders
    assert (order.instrument, order.side, order.quantity, order.filled, order.price) == (
        CALL.key,
        Side.BUY,
        130,
        0,
        D(90),
    )
    assert found.is_clean


async def test_both_in_one_contract_are_told_apart_by_their_orders(account: Account) -> None:
    await account.enter(f"{RUN}E0001", 65)
    await account.by_hand("BUY", 130, 100.0)
    await account.venue.trade(100, 1000)

    await account.look()
    found = await account.look()

    assert account.position.quantity == 65
    [held] = found.foreign.positions
    assert (held.instrument, held.quantity, held.last) == (CALL.key, 130, D(100))
    assert found.is_clean


async def test_what_the_person_took_out_of_our_position_is_theirs_and_ours_stays(
    account: Account,
) -> None:
    await account.enter(f"{RUN}E0001", 65)
    await account.venue.trade(100, 1000)
    await account.by_hand("SELL", 65, 100.0)
    await account.venue.trade(100, 1000)

    await account.look()
    found = await account.look()

    assert account.position.quantity == 65
    assert [each.quantity for each in found.foreign.positions] == [-65]
    assert found.is_clean


async def test_an_order_under_an_id_of_ours_that_we_never_planned_is_not_foreign(
    account: Account,
) -> None:
    await account.by_hand("BUY", 65, 90.0, tag=f"{RUN}E0009")

    found = await account.look()

    assert [each.kind for each in found.discrepancies] == [DiscrepancyKind.UNKNOWN_ORDER]
    assert found.foreign.orders == ()
    assert not found.is_clean


async def test_a_position_of_ours_that_was_converted_is_named(account: Account) -> None:
    await account.enter(f"{RUN}E0001", 65)
    await account.venue.trade(100, 1000)
    await account.look()
    await account.ask(
        "convert_position",
        exchange="NFO",
        tradingsymbol=CALL.symbol,
        transaction_type="BUY",
        position_type="day",
        quantity=65,
        old_product="MIS",
        new_product="NRML",
    )

    found = await account.look()

    [named] = found.discrepancies
    assert (named.kind, named.ours, named.theirs) == (
        DiscrepancyKind.PRODUCT,
        "MIS 65",
        "NRML 65",
    )


async def test_an_exit_by_hand_is_told_as_what_it_is_an_exit_of_our_plan(account: Account) -> None:
    await account.enter(f"{RUN}E0001", 130)
    await account.venue.trade(100, 1000)
    await account.look()
    await account.by_hand("SELL", 65, 100.0)
    await account.venue.trade(100, 1000)

    [told] = (await account.look()).taken_out

    assert told.request is not None
    assert (told.client_id, told.request.role, told.request.side, told.request.quantity) == (
        f"{RUN}E0001",
        Role.EXIT,
        Side.SELL,
        65,
    )
    assert [fill.quantity for fill in told.fills] == [65]


@pytest.mark.parametrize(("side", "quantity"), [("SELL", 195), ("BUY", 65)])
async def test_more_than_we_hold_and_more_of_the_same_are_no_exits_of_ours(
    account: Account, side: str, quantity: int
) -> None:
    await account.enter(f"{RUN}E0001", 130)
    await account.venue.trade(100, 1000)
    await account.look()
    await account.by_hand(side, quantity, 100.0)
    await account.venue.trade(100, 1000)

    found = await account.look()

    assert found.taken_out == ()
    assert [abs(each.quantity) for each in found.foreign.positions] == [quantity]
