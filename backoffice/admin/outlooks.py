"""What a plan of several legs can come to, and what its legs were chosen at, as panels.

The figures are the journal's; nothing is worked out here.
"""

from __future__ import annotations

from typing import Any

from backoffice.admin.panels import Figure, Figures, Panel, table
from backoffice.admin.shown import EMPTY, inr, link, number
from trading.models import Plan

_GREEKS = ("delta", "gamma", "theta", "vega")


def outlook_of(plan: Plan) -> tuple[Panel, ...]:
    """Return what holding to the first expiry can bring; nothing for a plan of one leg."""
    told: dict[str, Any] | None = plan.outlook
    if not plan.kind or told is None:
        return ()
    chance = told["probability_of_profit"]
    figures = (
        Figure("Kind", plan.kind),
        Figure("Largest loss a unit", _bounded(told["max_loss"])),
        Figure("Largest profit a unit", _bounded(told["max_profit"])),
        Figure("Breaks even at", ", ".join(inr(level) for level in told["break_evens"]) or EMPTY),
        Figure("Probability of profit", EMPTY if chance is None else f"{chance:.0%}"),
        *(Figure(f"Net {name}", number(told[name])) for name in _GREEKS),
        Figure("Risk at the stop", inr(plan.decision.risk_inr)),
        Figure("Costs both ways", inr(plan.decision.expected_costs_inr)),
        Figure("Margin", inr(plan.decision.margin_inr)),
    )
    return (Figures("What it can come to", figures), *_chosen_at(plan, told.get("readings", [])))


def _chosen_at(plan: Plan, readings: list[dict[str, Any]]) -> tuple[Panel, ...]:
    if not readings:
        return ()
    legs = plan.legs.select_related("instrument").order_by("number")
    lines = [
        (
            link(leg.instrument),
            leg.side,
            inr(read["mid"]),
            inr(read["touch"]),
            EMPTY if read["volatility"] is None else f"{read['volatility']:.2%}",
            *(number(read[name]) for name in _GREEKS),
        )
        for leg, read in zip(legs, readings, strict=True)
    ]
    headers = ("Leg", "Side", "Middle", "Touch", "Volatility", *(g.title() for g in _GREEKS))
    return (table("Chosen at", headers, lines, numeric=tuple(range(2, 9))),)


def _bounded(value: float | None) -> str:
    return "without a known bound" if value is None else inr(value)
