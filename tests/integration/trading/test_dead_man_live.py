"""A LIVE day whose engine dies with something held: brought out over the sockets of a kitesim."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.utils import timezone

from marketdata.kite.picows_link import open_picows
from tests.contracts.kite.lockstep import until
from tests.integration.faulty_day import Books
from tests.integration.trading.kite_desk_day import KiteDeskDay, made_day_of
from trading import selectors
from trading.book_flatten import SUFFIX, flatten_book
from trading.bootstrap_kite import KiteDesk, Wall
from trading.emergency import bring_out, flatten_run
from trading.journal import read_records
from trading.models import Command, LeaderLease, Mode, Run
from trading.services.broker_book import broker_book

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    # An engine that dies in the middle of a read leaves its connection as it is.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
_BEGUN_SECONDS = 2.0
"""What passes at most from the end of the lease to the first call."""
_STEP_SECONDS = 0.02
T = TypeVar("T")


class DiedError(Exception):
    """The engine died."""


@pytest.fixture
def kite(transactional_db: None, tmp_path: Path, settings) -> Iterator[KiteDeskDay]:
    yield made_day_of(tmp_path, settings)
    gc.collect()


async def dies_holding(kite: KiteDeskDay, desk: KiteDesk, number: int) -> None:
    """Die once something is held and its stop rests."""
    engine = desk.runner.engine
    if any(trade.open_quantity for trade in engine.ledger.alive()):
        await until(lambda: kite.sim.state()["working"] > 0)
        raise DiedError


async def left_by_its_engine(
    kite: KiteDeskDay, bring: Callable[[Run, Wall], T], lease_left: timedelta = timedelta()
) -> T:
    """Let the engine die holding, and bring the run out while the market goes on.

    `lease_left`: for how long its lease stands from then on. The market stands still meanwhile,
    lest a stop fill and nothing be left to bring out.
    """
    kite.hook = dies_holding
    async with kite.sim:
        kite._point_to_it()
        kite.run = run = await sync_to_async(kite._open)(Mode.LIVE)
        worker = kite._worker(run.account)
        handling = asyncio.ensure_future(worker.handle())
        with pytest.raises(DiedError):
            await kite._lived(worker)
        handling.cancel()
        await asyncio.wait({handling})
        assert held_at(kite) != {}
        await sync_to_async(LeaderLease.objects.update)(expires_at=timezone.now() + lease_left)
        wall = Wall(clock=kite.clock, open_link=open_picows)
        bringing = asyncio.ensure_future(asyncio.to_thread(closed_after, bring, run, wall))
        if lease_left:
            await asyncio.wait({bringing}, timeout=lease_left.total_seconds() + _BEGUN_SECONDS)
        while not bringing.done():
            await kite.blind_frames(1)
            await asyncio.sleep(_STEP_SECONDS)
        assert held_at(kite) == {}
        assert kite.sim.state()["working"] == 0
        await sync_to_async(connections.close_all)()
        return bringing.result()


def closed_after(bring: Callable[[Run, Wall], T], run: Run, wall: Wall) -> T:
    try:
        return bring(Run.objects.select_related("account", "config_version").get(pk=run.pk), wall)
    finally:
        connections.close_all()


def held_at(kite: KiteDeskDay) -> dict[str, int]:
    """Return what the broker's own list holds."""
    portfolio = kite.sim.backend.books.portfolio
    return {item.instrument.key: item.net for item in portfolio if item.net}


@pytest.mark.parametrize("way", [bring_out, flatten_run])
def test_the_run_is_brought_out_the_engine_s_own_way_and_stays_halted(
    kite: KiteDeskDay, way: Callable[..., Command]
):
    asyncio.run(
        left_by_its_engine(kite, lambda run, wall: way(run, by="tests", reason="drill", wall=wall))
    )

    assert kite.run is not None
    books = Books(Path(kite.run.journal_path)).read()
    assert broker_book(books.path).is_flat
    assert books.doubled() == []
    assert books.held() == set()
    assert kite.sim.state()["orders"] == len(books.of("PlaceOrder"))
    assert [r.body["state"] for r in books.of("StateNoted")][-1] == "HALTED"
    assert selectors.run_by_code(kite.run.code).state == "RUNNING"


@pytest.mark.parametrize("lease_left", [timedelta(), timedelta(seconds=3)])
def test_the_run_is_brought_out_by_the_broker_s_list_and_has_failed(
    kite: KiteDeskDay, lease_left: timedelta
):
    told = asyncio.run(left_by_its_engine(kite, flatten_book, lease_left))

    assert kite.run is not None
    run = selectors.run_by_code(kite.run.code)
    sent = [r.body for r in read_records(Path(run.journal_path).with_suffix(SUFFIX))]
    orders = [body["client_id"] for body in sent if "side" in body]
    assert told == f"{len(orders)} orders sent"
    assert len(orders) == len(set(orders)) > 0
    assert all(order.startswith(run.code) for order in orders)
    assert run.state == "FAILED"
    assert selectors.next_run(run.account) is None
    assert run.summary == {"dead_man": told}
