"""Why opinions were not traded, counted; one reason with other numbers is still the same reason.

What the gate refused is counted by its rules' names, in the services that ask.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from trading.models import Run, Signal

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A strategy's opinions that fell before the gate for one reason.

    `reason`: as the newest of them told it, numbers included.
    """

    strategy: str
    reason: str
    times: int


def held_back(run: Run) -> tuple[HeldBack, ...]:
    """Return the reasons of a run, the most frequent first, each strategy's apart."""
    found: dict[tuple[str, str], HeldBack] = {}
    rows = Signal.objects.filter(run=run).exclude(why_not="").order_by("seq")
    for strategy, why_not in rows.values_list("strategy", "why_not").iterator():
        key = (strategy, _NUMBER.sub("#", why_not))
        before = found[key].times if key in found else 0
        found[key] = HeldBack(strategy, why_not, before + 1)
    return tuple(sorted(found.values(), key=lambda each: (-each.times, each.strategy, each.reason)))
