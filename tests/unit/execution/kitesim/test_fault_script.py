from __future__ import annotations

import json
from datetime import time

import pytest

from execution.kitesim.fault_script import FaultScriptError, as_document, read_script, rules_of
from execution.kitesim.faults import FaultKind, FaultRule

RULE = FaultRule(
    FaultKind.SLOW_ANSWER,
    since=time(10, 15),
    until=time(10, 30),
    subject="GET /orders",
    share=0.5,
    skip=1,
    times=3,
    seconds=2.5,
    code=504,
)


def test_a_rule_survives_being_told_as_json():
    assert rules_of(json.loads(json.dumps({"faults": [as_document(RULE)]})), "here") == (RULE,)


def test_a_toml_file_is_read(tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text('[[faults]]\nkind = "token-death"\nsince = 11:00:00\ntimes = 1\n')

    assert read_script(path) == (FaultRule(FaultKind.TOKEN_DEATH, since=time(11), times=1),)


def test_a_json_file_is_read(tmp_path):
    path = tmp_path / "faults.json"
    path.write_text('{"faults": [{"kind": "csv-empty", "subject": "NFO"}]}')

    assert read_script(path) == (FaultRule(FaultKind.CSV_EMPTY, subject="NFO"),)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "expected one list"),
        ({"faults": [], "more": 1}, "expected one list"),
        ({"faults": {}}, "expected a list of rules"),
        ({"faults": [1]}, "rule 1: 1, expected fields"),
        ({"faults": [{"kind": "csv-empty", "when": 1}]}, "rule 1: when is unknown"),
        ({"faults": [{"kind": "csv-full"}]}, "rule 1: "),
        ({"faults": [{}]}, "rule 1: .*kind"),
        ({"faults": [{"kind": "csv-empty"}, {"kind": "csv-empty", "share": 2}]}, "rule 2: share"),
        ({"faults": [{"kind": "csv-empty", "since": "late"}]}, "rule 1: "),
    ],
)
def test_a_bad_document_is_told_where_and_why(document, complaint):
    with pytest.raises(FaultScriptError, match=f"^here: .*{complaint}|^here: {complaint}"):
        rules_of(document, "here")


@pytest.mark.parametrize("text", ["{", "[[faults]", ""])
def test_a_file_that_cannot_be_read_is_named(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)

    with pytest.raises(FaultScriptError, match=r"bad\.json"):
        read_script(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FaultScriptError, match=r"none\.toml"):
        read_script(tmp_path / "none.toml")
