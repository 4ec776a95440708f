from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from trading.broadcast_delta import KEYED, applied, changes

IDS = st.integers(0, 12).map(str)
ENTRIES = st.dictionaries(IDS, st.integers(0, 2), max_size=6).map(
    lambda found: [{"id": key, "value": value} for key, value in found.items()]
)


@st.composite
def steps(draw: st.DrawFn) -> tuple[dict[str, object], dict[str, object]]:
    """Return a document and a later one: entries change in place, come in front, fall out."""
    before: dict[str, object] = {"version": 1, "sequence": 1, "at": draw(st.text(max_size=3))}
    after: dict[str, object] = {"version": 1, "sequence": 2, "at": draw(st.text(max_size=3))}
    for name in sorted(KEYED):
        old = draw(ENTRIES)
        kept = [{**entry, "value": draw(st.integers(0, 2))} for entry in old if draw(st.booleans())]
        fresh = [{**entry, "id": f"n{entry['id']}"} for entry in draw(ENTRIES)]
        before[name], after[name] = old, [*fresh, *kept]
    after["account"] = {"equity": draw(st.floats(allow_nan=False))}
    return before, after


@given(steps())
def test_changes_put_onto_the_first_document_give_the_last(documents):
    before, after = documents
    untouched = deepcopy(before)

    assert applied(before, 2, changes(before, after)) == after
    assert before == untouched


@given(steps())
def test_a_change_that_is_applied_twice_does_no_harm(documents):
    before, after = documents
    once = applied(before, 2, changes(before, after))

    assert applied(once, 2, changes(before, after)) == after


def test_equal_documents_have_no_changes():
    document = {"version": 1, "sequence": 4, "orders": [{"id": "A", "state": "OPEN"}]}

    assert changes(document, {**document, "sequence": 5}) == {}


def test_a_list_with_ids_tells_only_the_entries_that_changed():
    before = {"orders": [{"id": "B", "state": "OPEN"}, {"id": "A", "state": "OPEN"}]}
    after = {
        "orders": [
            {"id": "C", "state": "SENT"},
            {"id": "B", "state": "FILLED"},
        ]
    }

    assert changes(before, after) == {
        "orders": {
            "upsert": [{"id": "C", "state": "SENT"}, {"id": "B", "state": "FILLED"}],
            "remove": ["A"],
        }
    }


def test_any_other_field_is_told_whole():
    before = {"account": {"equity": 1.0, "heat": 2.0}}

    assert changes(before, {"account": {"equity": 1.0, "heat": 3.0}}) == {
        "account": {"equity": 1.0, "heat": 3.0}
    }


def test_bars_belong_to_charts_and_change_no_document():
    document = {"sequence": 1, "at": "10:00"}

    assert applied(document, 2, {"bars": {"NSE:SBIN": [[0, 1, 1, 1, 1, 5]]}}) == {
        "sequence": 2,
        "at": "10:00",
    }
