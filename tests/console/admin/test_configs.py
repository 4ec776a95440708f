"""A configuration is changed by making its next version, with a note, and activating it."""

from __future__ import annotations

import json

from django.test import Client

from backoffice.admin.config_diff import changes
from backoffice.admin.shown import address, list_address
from trading import selectors
from trading.config import Config, document_of
from trading.models import Activation, AuditEntry, ConfigVersion, Run
from trading.services import audit

ADD = "/admin/trading/configversion/add/"


def document(**other: object) -> str:
    return json.dumps({**document_of(Config()), **other})


def stored(admin: Client, text: str, note: str = "wider") -> ConfigVersion:
    admin.post(ADD, {"document": text, "note": note, "_store": "1"})
    return ConfigVersion.objects.order_by("-number").first()


def test_the_form_begins_with_the_version_that_holds(run: Run, admin: Client):
    page = admin.get(ADD)

    begun = json.loads(page.context_data["form"].initial["document"])
    assert begun == run.config_version.content
    assert str(page.context_data["base"]) == "desk v1"


def test_the_form_begins_with_the_defaults_before_the_first_version(db, admin: Client):
    begun = json.loads(admin.get(ADD).context_data["form"].initial["document"])

    assert begun == document_of(Config())


def test_the_form_begins_with_the_version_asked_for(run: Run, admin: Client):
    second = stored(admin, document(event_block_minutes=20))

    page = admin.get(f"{address(second).removesuffix('change/')}edit-as-new/", follow=True)

    begun = json.loads(page.context_data["form"].initial["document"])
    assert begun["event_block_minutes"] == 20


def test_a_preview_shows_the_differences_and_stores_nothing(run: Run, admin: Client):
    page = admin.post(
        ADD, {"document": document(event_block_minutes=20), "note": "wider", "_preview": "1"}
    )

    assert [row.cells for row in page.context_data["panel"].rows] == [
        ("event_block_minutes", "changed", "10", "20")
    ]
    assert ConfigVersion.objects.count() == 1


def test_storing_makes_the_next_version_and_does_not_activate_it(run: Run, admin: Client):
    version = stored(admin, document(event_block_minutes=20), note="CPI was late")

    assert (version.number, version.author, version.note) == (2, "the-admin", "CPI was late")
    assert selectors.active_config("desk") == run.config_version
    entry = AuditEntry.objects.get(action="config.store", by="the-admin")
    assert entry.subject == "desk v2"


def test_toml_is_read_and_what_it_leaves_out_keeps_its_default(run: Run, admin: Client):
    version = stored(admin, "event_block_minutes = 25\n[risk]\nmax_positions = 2\n")

    assert version.content["event_block_minutes"] == 25
    assert version.content["risk"]["max_positions"] == 2
    assert version.content["hours"] == document_of(Config())["hours"]


def test_the_same_content_is_not_stored_twice(run: Run, admin: Client):
    answer = admin.post(ADD, {"document": document(), "note": "again", "_store": "1"}, follow=True)

    assert "has this content already" in answer.content.decode()
    assert ConfigVersion.objects.count() == 1


def refused(admin: Client, text: str) -> str:
    page = admin.post(ADD, {"document": text, "note": "x", "_store": "1"})
    assert page.status_code == 200
    assert ConfigVersion.objects.count() == 0
    return " ".join(page.context_data["form"].errors["document"])


def test_an_unknown_key_is_named(db, admin: Client):
    assert "risk.max_position: unknown key" in refused(admin, '{"risk": {"max_position": 2}}')


def test_a_bad_value_is_named(db, admin: Client):
    assert "event_block_minutes: -1, expected 0 or more" in refused(
        admin, "event_block_minutes = -1"
    )


def test_text_that_is_neither_json_nor_toml_is_refused_with_its_place(db, admin: Client):
    assert "line 2" in refused(admin, '{"risk":\n oops}')
    assert "expected TOML or JSON" in refused(admin, "risk: yes")


def test_a_key_written_twice_is_refused(db, admin: Client):
    text = '{"event_block_minutes": 5, "event_block_minutes": 6}'

    assert "event_block_minutes: written twice" in refused(admin, text)


def test_a_note_is_required(db, admin: Client):
    page = admin.post(ADD, {"document": document(), "note": "", "_store": "1"})

    assert page.context_data["form"].errors["note"] == ["This field is required."]
    assert ConfigVersion.objects.count() == 0


def test_a_version_s_page_shows_its_difference_from_any_other(run: Run, admin: Client):
    second = stored(admin, document(event_block_minutes=20))
    third = stored(admin, document(event_block_minutes=30))

    from_held = admin.get(address(third)).context_data["panels"][1]
    from_second = admin.get(f"{address(third)}?against={second.pk}").context_data["panels"][1]

    assert (from_held.title, from_held.rows[0].cells[2:]) == (
        "From desk v1 to desk v3",
        ("10", "30"),
    )
    assert from_second.rows[0].cells[2:] == ("20", "30")


def test_activation_is_asked_about_and_leaves_before_and_after(run: Run, admin: Client):
    version = stored(admin, document(event_block_minutes=20))
    place = f"{address(version).removesuffix('change/')}activate/"

    asked = admin.get(place)
    before = Activation.objects.count()
    admin.post(place, {"reason": "after three calm days"})

    assert [row.cells for row in asked.context_data["question"].panels[0].rows] == [
        ("event_block_minutes", "changed", "10", "20")
    ]
    assert before == 1
    assert selectors.active_config("desk") == version
    entry = AuditEntry.objects.get(action="config.activate", by="the-admin")
    assert (entry.details["before"], entry.details["after"]) == ("desk v1", "desk v2")
    assert entry.details["reason"] == "after three calm days"
    assert audit.verify().is_whole


def test_the_list_says_which_version_holds(run: Run, admin: Client):
    stored(admin, document(event_block_minutes=20))

    rows = admin.get(list_address(ConfigVersion)).context_data["cl"].result_list

    assert [(row.number, row.holds, row.run_count) for row in rows] == [
        (2, False, 0),
        (1, True, 1),
    ]


def test_differences_name_added_removed_and_changed_keys():
    found = changes({"a": 1, "b": {"c": [1]}}, {"b": {"c": [2]}, "d": None})

    assert [(change.key, change.what, change.before, change.after) for change in found] == [
        ("a", "removed", "1", ""),
        ("b.c", "changed", "[1]", "[2]"),
        ("d", "added", "", "null"),
    ]


def test_an_equal_number_of_another_kind_of_zero_is_no_difference():
    assert changes({"a": 1, "b": {}}, {"a": 1, "b": {}}) == ()
