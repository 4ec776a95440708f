"""Drills of a whole desk fed over sockets: each process killed, or stopped and continued, in a day.

The desk and how it is harmed are those of the fault tests; the kitesim is only stopped, as a desk
ends with its market.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from tests.drills.report import Drill
from tests.integration.faulty_day import Books
from tests.integration.live_desk import NAMES, OVER, LiveDesk, Pace, open_folder
from tests.integration.test_process_faults import Fault, harm, killed, stopped

PACE = Pace(seed=1, seconds=5, speed=60)
HASTY = Pace(seed=1, seconds=5, speed=300)
"""For a day with few faults in it; the same day."""
KITESIM = "kitesim"
PATIENCE = 300.0
_FLAT = re.compile(r"trades, net [-\d,.]+ INR, flat\.\n")
_ORDERS = "SELECT count(*), count(DISTINCT client_id) FROM trading_order"
_GAP = (
    "SELECT (SELECT coalesce(sum(amount), 0) FROM trading_ledgerentry)"
    " - coalesce((SELECT balance FROM trading_ledgerentry ORDER BY id DESC LIMIT 1), 0)"
)
ALL = (
    *(killed(name) for name in NAMES),
    killed("valkey", "postgres"),
    *(stopped(name) for name in (*NAMES, KITESIM)),
)
"""Every process killed and stopped, one after another over a day."""
SOME = (killed("engine"), stopped(KITESIM))


def process_day(faults: Sequence[Fault], pace: Pace) -> list[Drill]:
    """Live a day over sockets with faults in it; return a drill each, and what the books say.

    A day that is over before all faults have had their turn leaves the rest out.
    """
    with open_folder() as folder:
        desk = LiveDesk(folder, pace, "--feed", KITESIM)
        try:
            books = _books(desk)
            drills = [_struck(desk, books, fault) for fault in faults if OVER not in desk.told]
            desk.wait_until("the end of the day", lambda: OVER in desk.told, PATIENCE * 2)
            return [*[drill for drill in drills if drill is not None], _judged(desk, books)]
        except AssertionError as error:
            error.add_note(desk.words())
            raise
        finally:
            desk.close()
            shutil.rmtree(folder / "days", ignore_errors=True)


def _books(desk: LiveDesk) -> Books:
    desk.wait_until("a console", lambda: desk.answer("/health") == 200, PATIENCE)
    [(path,)] = desk.query("SELECT journal_path FROM trading_run")
    return Books(Path(path))


def _struck(desk: LiveDesk, books: Books, fault: Fault) -> Drill | None:
    """Harm the desk once it holds something; return how long until it was whole again."""
    desk.wait_until(
        f"an open position to meet {fault}",
        lambda: OVER in desk.told or (books.read().held() and desk.answer("/ready") == 200),
        PATIENCE,
    )
    if OVER in desk.told:
        return None
    before = desk.processes()
    began, written = time.monotonic(), books.records[-1].seq
    harm(desk, fault)
    desk.wait_until(
        f"all back after {fault}",
        lambda: OVER in desk.told or _is_whole(desk, fault, before),
        PATIENCE,
    )
    desk.wait_until(
        "records that go on", lambda: OVER in desk.told or _goes_on(books, written), PATIENCE
    )
    return Drill(str(fault), back=time.monotonic() - began)


def _is_whole(desk: LiveDesk, fault: Fault, before: dict[str, int]) -> bool:
    now = desk.processes()
    hurt = set() if fault.seconds else set(fault.names)
    anew = all(now.get(name) not in (None, before[name]) for name in hurt)
    return now.keys() >= set(NAMES) and anew and desk.answer("/ready") == 200


def _goes_on(books: Books, written: int) -> bool:
    return books.read().records[-1].seq > written + 20


def _judged(desk: LiveDesk, books: Books) -> Drill:
    """Return what the day came to, by its rows, its journal and its own report."""
    books.read()
    differences = [f"twice: {one}" for one in books.doubled()]
    differences += [f"journal holds {plan}" for plan in sorted(books.held())]
    differences += [] if _FLAT.search(desk.told) else ["the report does not say flat"]
    [(orders, intents)] = desk.query(_ORDERS)
    [(gap,)] = desk.query(_GAP)
    differences += [f"the ledger is off by {gap}"] if gap else []
    if orders != len(books.of("PlaceOrder")):
        differences.append(f"{orders} orders in rows, {len(books.of('PlaceOrder'))} in the journal")
    return Drill(
        "the desk's day", sent=orders, twice=orders - intents, differences=tuple(differences)
    )
