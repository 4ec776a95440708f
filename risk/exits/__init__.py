"""When out: the exit plan, its settings, and the one kernel that decides every priced exit.

Manual exits, the kill switch and the daily loss come from the engine; they share the reasons.
The kernel's compiler costs 100 MiB: it is loaded at the first use of a name that needs it, so that
processes that only speak of exits (the console, the tasks) stay without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from risk.exits.plan import (
    PRIORITY,
    URGENCY,
    ExitDecision,
    ExitPlan,
    ExitReason,
    ExitRules,
    ExitState,
    StopKind,
    Urgency,
    foremost,
)

if TYPE_CHECKING:
    from risk.exits.stepping import PriceBar, opened, step

__all__ = [
    "PRIORITY",
    "URGENCY",
    "ExitDecision",
    "ExitPlan",
    "ExitReason",
    "ExitRules",
    "ExitState",
    "PriceBar",
    "StopKind",
    "Urgency",
    "foremost",
    "opened",
    "step",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("risk.exits.stepping"), name)
    raise AttributeError(name)
