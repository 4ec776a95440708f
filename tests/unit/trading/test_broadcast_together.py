from __future__ import annotations

from typing import Any

import pytest

from trading.broadcast_entries import Opinions
from trading.broadcast_positions import by_strategy
from trading.broadcast_together import together

PLAN: dict[str, Any] = {
    "strategy": "iron_condor",
    "kind": "IRON_CONDOR",
    "direction": -1,
    "state": "OPEN",
    "entry": 60.0,
    "stop": 90.0,
    "target1": 40.0,
    "target2": 20.0,
    "signal_id": "S1",
    "decision_id": "D1",
    "quantity": 65,
    "stop_now": 60.0,
    "mae_r": -0.4,
    "mfe_r": 0.7,
    "outlook": {"max_loss": 9100.0, "probability_of_profit": 0.62},
}


def leg(code: str, gross: float, unrealised: float, **changes: Any) -> dict[str, Any]:
    """Return a leg's position; its charges are ten rupees."""
    figures = {"gross": gross, "unrealised": unrealised, "charges": 10.0}
    net = gross + unrealised - 10.0
    told = {"id": code, "strategy": "iron_condor", "state": "OPEN", "combination": "P1"}
    return {**told, **figures, "net": net, **changes}


def test_legs_are_told_with_what_they_come_to_together() -> None:
    alone = leg("P9", 5.0, 0.0, combination="")

    (plan,) = together([leg("P2", 0.0, 975.0), alone, leg("P3", 100.0, -100.0)], {"P1": PLAN})

    assert (plan["id"], plan["legs"], plan["kind"]) == ("P1", ["P2", "P3"], "IRON_CONDOR")
    assert (plan["gross"], plan["unrealised"], plan["charges"]) == (100.0, 875.0, 20.0)
    assert plan["net"] == 955.0
    # 975 earned before charges, 30 rupees a unit at risk on 65 units.
    assert plan["r"] == pytest.approx(0.5)
    assert (plan["stop_now"], plan["mae_r"], plan["mfe_r"]) == (60.0, -0.4, 0.7)
    assert plan["outlook"] == PLAN["outlook"]


AT = "2026-10-06T10:00:00+05:30"


def opinions_of(*codes: str, units: int) -> Opinions:
    """Return opinions that know these plans of one decision over so many units."""
    money = ("risk_inr", "heat_before_inr", "heat_after_inr", "expected_costs_inr", "margin_inr")
    named = {"decision_id": "D1", "signal_id": "S1", "quantity": units}
    opinions = Opinions()
    opinions.decided({"at": AT, **named, **dict.fromkeys(money, "1")})
    levels = dict.fromkeys(("entry", "stop", "target1", "target2"), "60")
    for code in codes:
        plan = {"plan_id": code, "decision_id": "D1", "strategy": "iron_condor", "direction": -1}
        opinions.planned({**plan, **levels, "legs": [{"quantity": units}]})
    return opinions


@pytest.mark.parametrize(("a_unit", "over_all"), [(140.0, 9100.0), (None, None)])
def test_what_a_plan_can_come_to_is_told_over_all_its_units(
    a_unit: float | None, over_all: float | None
) -> None:
    opinions = opinions_of("P1", "P2", units=65)
    bounds = {"max_loss": a_unit, "max_profit": 60.0, "probability_of_profit": 0.62}
    noted = {"plan_id": "P1", "kind": "IRON_CONDOR", "legs": ["P2"], "break_evens": (24120.0,)}

    opinions.combined({**noted, **bounds})

    assert opinions.plans["P2"]["outlook"] is None
    assert opinions.plans["P1"]["outlook"] == {
        "max_loss": over_all,
        "max_profit": 3900.0,
        "break_evens": [24120.0],
        "probability_of_profit": 0.62,
    }


def test_without_a_stop_there_is_no_measure_of_risk() -> None:
    (plan,) = together([leg("P2", 0.0, 1.0)], {"P1": {**PLAN, "stop": None}})

    assert plan["r"] is None


def test_all_legs_of_a_plan_are_one_trade_of_their_strategy() -> None:
    closed = [leg("P2", -50.0, 0.0, state="CLOSED"), leg("P3", 90.0, 0.0, state="CLOSED")]
    other = leg("P9", -20.0, 0.0, state="CLOSED", combination="")

    (told,) = by_strategy([*closed, other])

    assert (told["trades"], told["wins"], told["losses"]) == (2, 1, 1)
    assert told["net"] == pytest.approx(20.0 - 30.0)


def test_a_plan_is_not_over_before_all_its_legs_are() -> None:
    assert by_strategy([leg("P2", 5.0, 0.0, state="CLOSED"), leg("P3", 5.0, 0.0)]) == []
