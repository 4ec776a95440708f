"""Whole days on Kite's prices through the engine's worker, on paper and live, before a kitesim."""

from __future__ import annotations

import asyncio
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from tests.contracts.kite.lockstep import until
from tests.integration.faulty_day import Books
from tests.integration.trading.kite_desk_day import (
    CHANGES,
    ORDERS,
    READS,
    KiteDeskDay,
    made_day_of,
)
from trading.bootstrap import PaperDay, paper_runner, undisturbed
from trading.bootstrap_kite import KiteDesk
from trading.bootstrap_tapes import open_tape, warmup_path
from trading.engine.venue import InstantVenue
from trading.journal import JournalFile
from trading.live_venue import SESSION, LiveVenue
from trading.models import Alert, BrokerSession, Mode, Run
from trading.recorder import Recorder
from trading.run_desks import LIVE_MODE, config_of
from trading.selectors import ledger_gap, open_positions, working_orders
from trading.services import broker_hint
from trading.services.broker_login import EXPIRED
from trading.services.mode_changes import Grounds, mode_at, record

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
_NOON = 400


@pytest.fixture
def kite(transactional_db: None, tmp_path: Path, settings) -> KiteDeskDay:
    return made_day_of(tmp_path, settings)


def played_again(run: Run, folder: Path) -> Books:
    """Trade the day as it was recorded on the exchange inside this process."""
    tape, journal = open_tape(Path(run.tape_path)), JournalFile(folder / "again.journal")
    warmup, config = warmup_path(tape.path), config_of(run)
    again = PaperDay(config, tape, None, warmup, run.code, run.pk, frozenset())
    runner = paper_runner(again, journal, undisturbed())
    asyncio.run(runner.run({}, runner.engine.setup.closes_at))
    journal.close()
    return Books(folder / "again.journal").read()


def chosen(books: Books) -> list[tuple[Any, ...]]:
    """Return the day's signals, what was made of each, and its plans.

    The words of a verdict may differ: some rules allow less where real money is.
    """
    made = [(r.kind, r.body) for r in books.of("SignalNoted", "PlanNoted")]
    decided = [r.body for r in books.of("DecisionNoted")]
    return made + [(d["at"], d["signal_id"], d["approved"], d["refusals"]) for d in decided]


def filled(books: Books) -> tuple[list[tuple[Any, ...]], Decimal]:
    """Return when, what, how many and at which price was filled, and the money in the end.

    Orders of one moment leave at the same time: which of them the broker fills first is its own.
    """
    fills = [r.body for r in books.of("FillNoted")]
    told = [(f["at"], f["instrument"], f["quantity"], Decimal(f["price"])) for f in fills]
    return sorted(told), Decimal(books.of("LedgerNoted")[-1].body["balance"])


def judged(kite: KiteDeskDay, run: Run) -> Books:
    """Check what every day must come to, and return its journal."""
    books = Books(Path(run.journal_path)).read()
    Recorder(run).catch_up()
    assert (run.state, run.source, run.tape_sha256) == ("FINISHED", "kite", "")
    assert run.decision_hash == books.decisions
    assert books.held() == set()
    assert books.doubled() == []
    assert books.of("FillNoted")
    assert not open_positions(run).exists()
    assert not working_orders(run).exists()
    assert ledger_gap(run) == 0
    assert kite.sim.state()["working"] == 0
    assert len(open_tape(Path(run.tape_path))) == len(books.of("Frame"))
    return books


def test_a_paper_day_comes_out_as_in_one_process_and_no_order_leaves_it(
    kite: KiteDeskDay, tmp_path: Path
):
    run = asyncio.run(kite.trade(Mode.PAPER))

    books, again = judged(kite, run), played_again(run, tmp_path)
    assert run.mode == "PAPER"
    assert books.decisions == again.decisions
    assert books.bookings() == again.bookings()
    assert kite.desk is not None
    assert kite.desk.broker is None
    assert isinstance(kite.desk.venue, InstantVenue)
    assert (kite.struck(ORDERS), kite.struck(CHANGES), kite.struck(READS)) == (0, 0, 0)
    assert (kite.sim.state()["orders"], kite.sim.state()["trades"]) == (0, 0)


def test_a_live_day_comes_out_as_in_one_process_with_every_order_at_the_broker(
    kite: KiteDeskDay, tmp_path: Path
):
    run = asyncio.run(kite.trade(Mode.LIVE))

    books, again = judged(kite, run), played_again(run, tmp_path)
    assert run.mode == "LIVE"
    assert chosen(books) == chosen(again)
    assert filled(books) == filled(again)
    assert kite.sim.state()["orders"] == len(books.of("PlaceOrder")) == kite.struck(ORDERS)
    assert kite.sim.state()["trades"] == len(books.of("FillNoted"))


async def token_dies(kite: KiteDeskDay, desk: KiteDesk, number: int) -> None:
    """Let the token die once something is held, and a person log in again some frames later."""
    holds = any(trade.open_quantity for trade in desk.runner.engine.ledger.alive())
    if not holds or await sync_to_async(BrokerSession.objects.count)() > 1:
        return
    kite.sim.backend.sessions.kill()
    await kite.blind_frames(3)
    desk.look()
    await until(lambda: bool(desk.refusal))
    ended = BrokerSession.objects.filter(end="REFUSED")
    await _until_so(lambda: ended.exists())
    await sync_to_async(kite.log_in)()
    link = kite.sockets.link
    await until(lambda: not desk.refusal and kite.sockets.link is not link)
    await until(lambda: kite.sim.state()["subscribed"] > 0)


async def _until_so(asked) -> None:
    for _ in range(200):
        if await sync_to_async(asked)():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("it never came to be so")


@pytest.mark.parametrize("mode", [Mode.PAPER, Mode.LIVE])
def test_a_token_that_dies_stops_entries_alarms_and_is_renewed_while_the_engine_runs(
    kite: KiteDeskDay, mode: Mode
):
    kite.hook = token_dies

    run = asyncio.run(kite.trade(mode))

    books = judged(kite, run)
    assert [row.end for row in BrokerSession.objects.order_by("pk")] == ["REFUSED", ""]
    alert = Alert.objects.get(kind=EXPIRED)
    assert "A new login is needed." in alert.text
    told = books.conditions()
    first = SESSION if mode is Mode.LIVE else "feed-login"
    assert [good for name, good in told if name == first][-2:] == [False, True], told
    assert [good for name, good in told if name == "feed-login"][-1], told
    dark = [outage for outage in books.outages() if first in outage.names]
    assert len(dark) == 1
    assert books.placed(dark[0], entries=True) == []


def test_an_engine_that_begins_without_a_login_waits_for_one_and_trades_the_day(
    kite: KiteDeskDay,
):
    kite.logs_in_late = True

    run = asyncio.run(kite.trade(Mode.LIVE))

    books = judged(kite, run)
    good = [good for name, good in books.conditions() if name == SESSION]
    assert good[-2:] == [False, True]
    assert kite.sim.state()["orders"] == len(books.of("PlaceOrder"))


async def leaves_live(kite: KiteDeskDay, desk: KiteDesk, number: int) -> None:
    """Put the account back to PAPER once something is held."""
    holds = any(trade.open_quantity for trade in desk.runner.engine.ledger.alive())
    if holds and LIVE_MODE not in desk.runner.engine.breakers.blocked:
        assert kite.run is not None
        grounds = Grounds(by="tests", reason="enough for today")
        await sync_to_async(record)(kite.run.account, Mode.PAPER, grounds, timezone.now())
        await until(lambda: LIVE_MODE in desk.runner.engine.breakers.blocked)


def test_a_live_run_whose_account_leaves_live_only_gets_out(kite: KiteDeskDay):
    kite.hook = leaves_live

    run = asyncio.run(kite.trade(Mode.LIVE))

    books = judged(kite, run)
    [left] = [outage for outage in books.outages() if LIVE_MODE in outage.names]
    assert books.placed(left, entries=True) == []
    assert books.placed(left, entries=False) or books.protected(left)
    assert mode_at(run.account, timezone.now()) is Mode.PAPER


def postback(order_id: str, secret: str) -> bytes:
    """Return what Kite posts about an order, in its form."""
    at = "2026-10-06 11:00:00"
    proof = hashlib.sha256(f"{order_id}{at}{secret}".encode()).hexdigest()
    hint = {"order_id": order_id, "order_timestamp": at, "checksum": proof}
    return json.dumps({**hint, "status": "COMPLETE", "filled_quantity": 75}).encode()


def test_a_postback_makes_the_desk_read_the_broker_s_book_at_once(kite: KiteDeskDay):
    waited: list[float] = []

    async def hint(kite: KiteDeskDay, desk: KiteDesk, number: int) -> None:
        if number != _NOON:
            return
        assert isinstance(desk.venue, LiveVenue)
        loop, quiet_from = asyncio.get_running_loop(), kite.struck(READS)
        while kite.struck(READS) == quiet_from:
            await asyncio.sleep(0.01)
        read = kite.struck(READS)
        began = loop.time()
        secret = kite.sim.keys.api_secret
        assert await sync_to_async(broker_hint.take)(postback(f"hint-{number}", secret))
        while kite.struck(READS) == read:
            await asyncio.sleep(0.01)
        waited.append(loop.time() - began)

    kite.hook = hint

    judged(kite, asyncio.run(kite.trade(Mode.LIVE)))

    assert waited[0] < 0.5
