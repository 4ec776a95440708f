"""`make kill` before a LIVE engine that has only its broker: the broker's own list says flat.

No page, worker or recorder runs: the file beside the journal is all that reaches the engine.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from aitrapp.supervisor.kill import remains
from tests.contracts.kite.lockstep import until
from tests.integration.faulty_day import Books
from tests.integration.trading.kite_desk_day import KiteDeskDay, made_day_of
from trading.bootstrap_kite import KiteDesk
from trading.kill_file import KILL_FILE, write_kill
from trading.models import Mode

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kite(transactional_db: None, tmp_path: Path, settings) -> Iterator[KiteDeskDay]:
    yield made_day_of(tmp_path, settings)
    gc.collect()


def held_at(kite: KiteDeskDay) -> dict[str, int]:
    """Return what the broker's own list holds."""
    portfolio = kite.sim.backend.books.portfolio
    return {item.instrument.key: item.net for item in portfolio if item.net}


def test_the_broker_s_own_list_is_flat_and_nothing_is_entered_any_more(kite: KiteDeskDay):
    held: list[dict[str, int]] = []
    left: list[str] = []

    async def killed_once_held(kite: KiteDeskDay, desk: KiteDesk, number: int) -> None:
        """Write the file once something is held and its stop rests, and see what becomes of it."""
        engine = desk.runner.engine
        assert kite.run is not None
        journal = Path(kite.run.journal_path)
        if not held and any(trade.open_quantity for trade in engine.ledger.alive()):
            await until(lambda: kite.sim.state()["working"] > 0)
            held.append(held_at(kite))
            write_kill(journal.parent, by="ann", reason="fire")
            await until(lambda: KILL_FILE in engine.breakers.blocked)
        elif held and not held_at(kite):
            left.append(remains(journal))

    kite.hook = killed_once_held
    run = asyncio.run(kite.trade(Mode.LIVE))

    books = Books(Path(run.journal_path)).read()
    assert held[0] != {}
    assert "" in left
    assert held_at(kite) == {}
    assert kite.sim.state()["working"] == 0
    assert books.held() == set()
    assert [r.body["state"] for r in books.of("StateNoted")][-1] == "HALTED"
    asked = list(books.of("CommandIssued"))
    assert [r.body["by"] for r in asked] == ["ann"]
    entries = [r for r in books.of("PlaceOrder") if r.body["request"]["role"] == "ENTRY"]
    assert all(entry.seq < asked[0].seq for entry in entries)
