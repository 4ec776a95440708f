"""When out: the exit plan, its settings, and the one kernel that decides every priced exit.

Manual exits, the kill switch and the daily loss come from the engine; they share the reasons.
"""

from risk.exits.kernel import PricePath
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
from risk.exits.stepping import FirstHit, PriceBar, first_hit, opened, step, walk

__all__ = [
    "PRIORITY",
    "URGENCY",
    "ExitDecision",
    "ExitPlan",
    "ExitReason",
    "ExitRules",
    "ExitState",
    "FirstHit",
    "PriceBar",
    "PricePath",
    "StopKind",
    "Urgency",
    "first_hit",
    "foremost",
    "opened",
    "step",
    "walk",
]
