from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from pathlib import Path

from risk.limits import RiskLimits
from risk.rules import RULES
from trading.config import Config, document_of, read

TOLD = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")


def test_every_limit_is_told_in_the_operations_page() -> None:
    names = {field.name.replace("max_positions_per_", "…_per_") for field in fields(RiskLimits)}

    assert {name for name in names if f"`{name}`" not in TOLD} == set()


def test_a_strategy_gets_its_own_part_of_the_heat_by_configuration() -> None:
    config = read({"risk": {"strategy_shares": {"opening_range": "0.25"}}})

    assert config.risk.share_of("opening_range") == Decimal("0.25")
    assert config.risk.share_of("trend_pullback") == Decimal("0.75")
    assert read(document_of(config)) == config


def test_limits_left_out_keep_their_defaults() -> None:
    assert read({"risk": {}}).risk == Config().risk


def test_rules_of_every_file_are_asked() -> None:
    rooms = {rule.__module__ for rule in RULES}

    assert rooms == {"risk.rules", "risk.desk_rules", "risk.price_rules"}
