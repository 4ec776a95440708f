"""The configuration: versions that are checked and never changed, and which one is to hold."""

from __future__ import annotations

import pytest

from trading.models import Activation, AuditEntry, ConfigVersion

CONFIG = "/api/v1/config"
HALF = {"document": {"risk": {"risk_per_trade": "0.0025"}}, "note": "half the risk"}


def test_a_version_is_stored_whole_with_author_and_note(admin):
    answer = admin.post(CONFIG, HALF)

    told = answer.json()
    assert answer.status_code == 201
    assert (told["number"], told["author"], told["note"]) == (1, "admin", "half the risk")
    assert told["document"]["risk"]["risk_per_trade"] == "0.0025"
    assert told["document"]["risk"]["max_positions"] == 5
    assert told["is_active"] is False


def test_the_same_content_is_the_same_version(admin):
    admin.post(CONFIG, HALF)

    answer = admin.post(CONFIG, {**HALF, "note": "again"})

    assert (answer.status_code, answer.json()["number"]) == (200, 1)
    assert ConfigVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"risk": {"heat": "2"}}, "document.risk"),
        ({"risk": {"colour": "red"}}, "document.risk.colour"),
        ({"colour": 1}, "document.colour"),
        ({"capital_inr": "nan"}, "document.capital_inr"),
        ({"strategies": {"luck": {}}}, "document.luck"),
        ({"risk": []}, "document.risk"),
        ({"capital_inr": {"deep": [1, {}]}}, "document.capital_inr"),
    ],
)
def test_a_document_that_cannot_be_is_refused_naming_the_key(admin, document, place: str):
    answer = admin.post(CONFIG, {"document": document, "note": "x"})

    assert answer.status_code == 422, answer.content
    assert [key for key in answer.json()["error"]["fields"] if key.startswith(place)]
    assert ConfigVersion.objects.count() == 0


@pytest.mark.parametrize("body", [{"document": {}}, {"note": "x"}, {"document": [], "note": "x"}])
def test_a_version_without_document_or_note_is_refused(admin, body):
    assert admin.post(CONFIG, body).status_code == 400


def test_activation_is_audited_with_reason_before_and_after(admin):
    admin.post(CONFIG, HALF)
    admin.post(CONFIG, {"document": {}, "note": "defaults"})
    admin.post(f"{CONFIG}/1/activate", {"reason": "start small"})

    answer = admin.post(f"{CONFIG}/2/activate", {"reason": "three calm days"})

    assert answer.json()["is_active"] is True
    entry = AuditEntry.objects.filter(action="config.activate").latest("number")
    assert entry.by == "admin"
    assert entry.details == {
        "reason": "three calm days",
        "before": "desk v1",
        "after": "desk v2",
        "sha256": answer.json()["sha256"],
    }
    assert Activation.objects.filter(active_until=None).count() == 1


def test_reading_tells_what_holds(admin, viewer):
    assert viewer.get(f"{CONFIG}/active").status_code == 404
    admin.post(CONFIG, HALF)
    admin.post(f"{CONFIG}/1/activate", {"reason": "start"})

    assert viewer.get(f"{CONFIG}/active").json()["number"] == 1
    assert viewer.get(f"{CONFIG}/1").json() == viewer.get(f"{CONFIG}/active").json()
    listed = viewer.get(CONFIG).json()["results"]
    assert [(each["number"], each["is_active"]) for each in listed] == [(1, True)]
    assert viewer.get(f"{CONFIG}/9").status_code == 404
