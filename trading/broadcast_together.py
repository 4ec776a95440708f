"""Plans of several legs in the live state: what their positions come to together.

The positions themselves are `broadcast_positions.py`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trading.broadcast_delta import Document


def together(positions: list[Document], plans: Mapping[str, Document]) -> list[Document]:
    """Return the plans of several legs with what their positions come to together, newest first.

    Money in rupees over all legs; `r`, `mae_r`, `mfe_r` in units of the risk at the plan's first
    stop, the latter two farthest against and for it; levels are of the net value, None where
    unknown; `stop_now`: where the stop has moved to; `outlook`: what holding to the first expiry
    can bring before costs, rupees over all units, None where unknown.
    """
    legs: dict[str, list[Document]] = {}
    for position in positions:
        if position["combination"]:
            legs.setdefault(position["combination"], []).append(position)
    return [_sum_of(code, plans[code], held) for code, held in legs.items()]


def _sum_of(code: str, plan: Mapping[str, Any], legs: list[Document]) -> Document:
    gross, charges, unrealised = (
        round(math.fsum(leg[name] for leg in legs), 2)
        for name in ("gross", "charges", "unrealised")
    )
    risk = abs(plan["entry"] - plan["stop"]) * plan["quantity"] if plan["stop"] is not None else 0.0
    return {
        "id": code,
        **{name: plan[name] for name in ("strategy", "kind", "direction", "state", "entry")},
        **{name: plan[name] for name in ("stop", "target1", "target2", "signal_id", "decision_id")},
        **{name: plan[name] for name in ("stop_now", "mae_r", "mfe_r", "outlook")},
        "legs": [leg["id"] for leg in legs],
        "gross": gross,
        "charges": charges,
        "unrealised": unrealised,
        "net": round(gross + unrealised - charges, 2),
        "r": round((gross + unrealised) / risk, 3) if risk else None,
    }
