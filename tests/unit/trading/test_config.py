from __future__ import annotations

import re
from decimal import Decimal

import pytest

from trading.config import Config, ConfigError, document_of, read, with_settings


def test_the_whole_configuration_reads_back_from_its_document():
    assert read(document_of(Config())) == Config()


def test_an_empty_document_is_the_defaults():
    assert read({}) == Config()


def test_a_value_deep_inside_is_taken():
    config = read({"risk": {"max_positions": 2}, "hours": {"cash": document_hours()}})

    assert config.risk.max_positions == 2
    assert config.hours.cash.entries_until.isoformat() == "14:00:00"
    assert config.risk.heat == Config().risk.heat


def document_hours() -> dict[str, object]:
    hours = document_of(Config())["hours"]["cash"]
    return {**hours, "entries_until": "14:00:00"}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"capitol_inr": 1}, "capitol_inr: unknown key"),
        ({"risk": {"max_position": 1}}, "risk.max_position: unknown key"),
        ({"hours": {"cash": {"flat": "15:00"}}}, "hours.cash.flat: unknown key"),
        ({"risk": {"max_positions": 0}}, "risk: max_positions: 0, expected 1 or more"),
        ({"capital_inr": "many"}, "capital_inr"),
        ({"capital_inr": 0}, "capital_inr: 0, expected above 0"),
        ({"strategies": {"moon": {}}}, "moon: no such strategy"),
    ],
)
def test_a_bad_document_is_refused_naming_the_key(document, words):
    with pytest.raises(ConfigError, match=words):
        read(document)


def test_settings_are_laid_over_a_document():
    document = with_settings({"risk": {"max_lots": 1}}, ["risk.max_positions=2", "capital_inr=5"])

    config = read(document)
    assert (config.risk.max_lots, config.risk.max_positions) == (1, 2)
    assert config.capital_inr == Decimal(5)


def test_laying_settings_over_a_document_leaves_the_document_alone():
    document = {"risk": {"max_lots": 1}}

    with_settings(document, ["risk.max_lots=3"])

    assert document == {"risk": {"max_lots": 1}}


@pytest.mark.parametrize("setting", ["risk.max_lots", "=3", "capital_inr.x=3"])
def test_a_setting_that_cannot_be_laid_over_is_refused(setting):
    with pytest.raises(ConfigError):
        with_settings({"capital_inr": 5}, [setting])


@pytest.mark.parametrize("document", [{"carry_overnight": True}, {"carry_overnight": "true"}])
def test_a_wish_to_carry_positions_overnight_is_refused_with_the_reason(document):
    with pytest.raises(ConfigError, match=r"carry_overnight: true, expected false: the desk is fl"):
        read(document)


def test_a_configuration_says_that_nothing_is_carried():
    assert document_of(read({"carry_overnight": False}))["carry_overnight"] is False


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"risk": {"stale_after_seconds": float("inf")}}, "risk.stale_after_seconds: inf"),
        ({"risk": {"stale_after_seconds": "1e999"}}, "risk.stale_after_seconds: inf"),
        ({"risk": {"cool_down_minutes": 10**9 + 1}}, "risk.cool_down_minutes: 1e+09, expected at"),
        ({"exits": {"trail_atr": float("inf")}}, "exits.trail_atr: inf, expected a finite number"),
    ],
)
def test_a_number_without_an_end_or_beyond_counting_is_refused(
    document: dict[str, object], told: str
):
    with pytest.raises(ConfigError, match=re.escape(told)):
        read(document)


def test_the_largest_whole_number_and_a_larger_capital_are_taken():
    config = read({"capital_inr": 10**12, "risk": {"cool_down_minutes": 10**9}})

    assert (config.capital_inr, config.risk.cool_down_minutes) == (10**12, 10**9)
