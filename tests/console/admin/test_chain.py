"""From any row of a trade to all the others, and from a refusal to the rule's numbers."""

from __future__ import annotations

import pytest
from django.test import Client

from backoffice.admin.decisions import RULE_NAMES
from backoffice.admin.shown import address, list_address
from tests.integration.trading.journal_day import whole_day
from trading.explanation import explained
from trading.models import (
    ConfigVersion,
    Decision,
    Fill,
    Leg,
    Order,
    OrderEvent,
    Plan,
    PlanEvent,
    Position,
    Run,
    Signal,
)

ROWS = (Signal, Decision, Plan, Order, Fill, Position)


def the(model):
    match model.__name__:
        case "Signal" | "Decision":
            return model.objects.get(code={"Signal": "S1", "Decision": "DS1"}[model.__name__])
        case _:
            return model.objects.first()


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_every_row_of_a_trade_leads_to_all_others(model, run: Run, viewer: Client):
    page = viewer.get(address(the(model))).content.decode()

    others = [the(other) for other in ROWS if other is not model] + [run.config_version]
    assert [str(row) for row in others if f'href="{address(row)}"' not in page] == []
    assert 'aria-current="page"' in page


@pytest.mark.parametrize("model", [OrderEvent, PlanEvent, Leg], ids=lambda model: model.__name__)
def test_what_happened_leads_to_the_trade_too(model, run: Run, viewer: Client):
    page = viewer.get(address(model.objects.first())).content.decode()

    assert f'href="{address(the(Decision))}"' in page
    assert f'href="{address(run.config_version)}"' in page


def test_the_links_of_the_chain_open(run: Run, viewer: Client):
    stations = viewer.get(address(the(Plan))).context_data["stations"]

    found = [viewer.get(stop.url).status_code for station in stations for stop in station.stops]

    assert found == [200] * len(found)
    assert len(found) > 7


def test_an_order_without_a_plan_leads_to_the_run_s_configuration(run: Run, viewer: Client):
    Order.objects.filter(client_id="T1X").update(plan=None)
    Fill.objects.filter(order__client_id="T1X").update(plan=None)

    pages = [
        viewer.get(address(row)).content.decode()
        for row in (Order.objects.get(client_id="T1X"), Fill.objects.get(order__client_id="T1X"))
    ]

    assert all(f'href="{address(run.config_version)}"' in page for page in pages)


def test_a_refused_opinion_ends_at_its_decision(run: Run, viewer: Client):
    stations = viewer.get(address(Signal.objects.get(code="X1"))).context_data["stations"]

    told = {station.title: [stop.state for stop in station.stops] for station in stations}
    assert told["Decision"] == ["refused"]
    assert told["Plan"] == told["Order"] == told["Position"] == []


def test_a_refusal_shows_the_rule_with_measured_and_allowed(run: Run, viewer: Client):
    refused = Decision.objects.get(approved=False)

    listed = viewer.get(list_address(Decision, approved__exact=0)).content.decode()
    page = viewer.get(address(refused)).context_data["panels"][0]

    assert "<b>heat</b> 0.5 / 2 %" in listed
    assert page.rows[0].cells[0] == "heat"
    assert page.rows[0].cells[2:5] == ("0.5", "2", "%")
    assert page.note == "1 of 1 refused"


def test_moments_of_a_verdict_are_told_without_the_day(run: Run, viewer: Client):
    hours = {
        "rule": "hours",
        "passed": False,
        "measured": "2021-04-26T15:22:00+05:30",
        "allowed": "2021-04-26T09:20:00+05:30 to 2021-04-26T15:00:00+05:30",
        "unit": "time",
        "detail": "",
    }
    Decision.objects.filter(approved=False).update(verdicts=[hours], refusals=["hours"])

    listed = viewer.get(list_address(Decision)).content.decode()

    assert "<b>hours</b> 15:22:00 / 09:20:00 to 15:00:00</div>" in listed


def test_refusals_can_be_filtered_by_rule(run: Run, viewer: Client):
    Decision.objects.filter(approved=False).update(refusals=["heat", "margin"])

    counts = [
        viewer.get(list_address(Decision, rule=rule)).context_data["cl"].result_count
        for rule in ("heat", "margin", "freeze")
    ]

    assert counts == [1, 1, 0]


def test_the_filter_knows_the_names_the_gate_uses():
    from risk.rules import RULES

    source = {rule.__name__: set(rule.__code__.co_consts) for rule in RULES}
    wrong = [
        name
        for name, constants in zip(RULE_NAMES, source.values(), strict=True)
        if name not in constants
    ]
    assert wrong == []


def test_the_score_is_shown_as_parts_that_add_up(run: Run, viewer: Client):
    signal = Signal.objects.get(code="S1")

    told, attribution, penalties, features = viewer.get(address(signal)).context_data["panels"]

    assert told.lines == explained(signal).lines
    (part,) = attribution.bars
    assert (part.label, part.value, part.width, part.tone) == ("trend", "+0.4000", 100, "good")
    assert part.detail == "raw 1.2 → 0.8 × weight 0.5"
    assert penalties.rows[0].cells == ("spread", "0.4", "0.3", "0.9")
    assert features.rows[0].cells == ("range_high", "14788")


def test_an_order_s_page_tells_its_life(run: Run, viewer: Client):
    life, fills, bookings = viewer.get(address(Order.objects.get(client_id="T1X"))).context_data[
        "panels"
    ]

    assert [step.title for step in life.steps] == ["SENT", "OPEN", "FILLED"]
    assert len(fills.rows) == 1
    assert len(bookings.rows) == 2


def test_a_version_leads_to_what_was_made_under_it(run: Run, viewer: Client):
    used = viewer.get(address(ConfigVersion.objects.get())).context_data["panels"][0]

    counts = {
        figure.label: (figure.value, viewer.get(figure.url).context_data["cl"].result_count)
        for figure in used.figures
    }

    signals = sum(line.kind == "SignalNoted" for line in whole_day())
    assert counts["Runs"] == (1, 1)
    assert counts["Signals"] == (signals, signals)
