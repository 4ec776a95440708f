"""The loops behind the exits loaded before they are needed, so that no position waits for them.

What they decide is told in `kernel.py` and `watching.py`; here nothing is.
"""

from __future__ import annotations

from functools import cache
from math import nan

from risk.exits.plan import ExitPlan, ExitRules
from risk.exits.stepping import PriceBar, opened, step
from risk.exits.watching import watched_row, with_seen
from strategies.direction import Direction


@cache
def ready_exits() -> None:
    """Compile or load every loop that a plan of one contract is watched with, once a process.

    Without it the first position of a day costs some twenty milliseconds more.
    """
    plan = ExitPlan(
        direction=Direction.LONG,
        entry=100.0,
        stop=90.0,
        target1=110.0,
        target2=120.0,
        quantity=1,
        lot_size=1,
        opened_at_s=0.0,
        entry_atr=1.0,
        rules=ExitRules(),
    )
    state, _ = step(plan, opened(plan), PriceBar.tick(100.0), atr=nan, now_s=1.0, slow_atr=nan)
    with_seen(plan, state, watched_row(plan, state, 1.0))
