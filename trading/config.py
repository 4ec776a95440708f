"""The one configuration: a tree of typed settings, unknown keys refused, told as a document.

What each setting means stands with the rooms' own values; versions are stored by
`services/config_versions.py`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from execution.market_rules import ExchangeSettings
from marketdata.live_universe import LiveUniverseSettings
from marketdata.options.iv_history import IvSettings
from marketdata.quality import ScreenSettings
from risk.event_rules import EventRules
from risk.exits import ExitRules
from risk.hours import Hours
from risk.limits import RiskLimits
from strategies.ranking_settings import RankingSettings
from strategies.registry import build_strategies
from trading.engine.settings import ExecutionSettings

KIND = "desk"
"""Kind under which versions of this configuration are stored."""

_LARGEST_WHOLE = 10**9
"""More minutes than this reach beyond the last day a calendar knows."""

_NO_CARRY = (
    "the desk is flat every evening. Orders are intraday (MIS), risk at the stop knows no gap over "
    "a night, and there is no cap for it"
)


class ConfigError(Exception):
    """A configuration that cannot be used; the text names the key and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that behaviour depends on.

    `capital_inr`: paper capital at the start of a day. `strategies`: parameters by name; a
    strategy that is not named does not run. `event_block_minutes`: how long before and after a
    scheduled event nothing is entered, where `events` doesn't say otherwise for its kind.
    `live_universe`: what a day on Kite's prices watches, a recorded or made day its own tape;
    `most_option_columns`: how many options of the scanned underlyings an engine watches.
    `iv_history`: how many days of volatility a rank counts. `carry_overnight` cannot be true: it
    stands here so that a wish for it is answered instead of overlooked.
    """

    capital_inr: Decimal = Decimal(1_000_000)
    risk: RiskLimits = field(default_factory=RiskLimits)
    hours: Hours = field(default_factory=Hours)
    exits: ExitRules = field(default_factory=ExitRules)
    ranking: RankingSettings = field(default_factory=RankingSettings)
    execution: ExecutionSettings = field(default_factory=ExecutionSettings)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    screen: ScreenSettings = field(default_factory=ScreenSettings)
    strategies: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"opening_range": {}, "trend_pullback": {}}
    )
    event_block_minutes: int = 10
    events: EventRules = field(default_factory=EventRules)
    live_universe: LiveUniverseSettings = field(default_factory=LiveUniverseSettings)
    most_option_columns: int = 600
    iv_history: IvSettings = field(default_factory=IvSettings)
    carry_overnight: bool = False

    def __post_init__(self) -> None:
        if self.carry_overnight:
            raise ValueError(f"carry_overnight: true, expected false: {_NO_CARRY}")
        if self.capital_inr <= 0:
            raise ValueError(f"capital_inr: {self.capital_inr}, expected above 0")
        if self.event_block_minutes < 0:
            raise ValueError(f"event_block_minutes: {self.event_block_minutes}, expected 0 or more")
        if self.most_option_columns < 0:
            raise ValueError(f"most_option_columns: {self.most_option_columns}, expected 0 or more")
        build_strategies(self.strategies)


_ADAPTER: TypeAdapter[Config] = TypeAdapter(Config)


def read(document: Mapping[str, Any]) -> Config:
    """Return the configuration a document tells; keys left out keep their defaults.

    Raises `ConfigError` naming the first bad key and what was expected.
    """
    _refuse_unknown(document, Config, "")
    try:
        config = _ADAPTER.validate_python(_over(document_of(Config()), document, Config))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{place}: {text}" if place else text) from error
    _refuse_endless(document_of(config), "")
    return config


def load(path: Path) -> dict[str, Any]:
    """Return the document of a TOML file, checked. Raises `ConfigError` naming file and key."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        read(document)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}, expected a readable TOML file") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}, expected TOML") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return document


def document_of(config: Config) -> dict[str, Any]:
    """Return the whole configuration, defaults included, as plain JSON values."""
    document: dict[str, Any] = _ADAPTER.dump_python(config, mode="json")
    return document


def with_settings(document: Mapping[str, Any], settings: list[str]) -> dict[str, Any]:
    """Return `document` over the defaults, with `key.path=value` settings laid over both.

    A value is read as JSON where it is JSON, otherwise as text. Raises `ConfigError` for a
    setting without `=` or a path through something that holds no keys.
    """
    _refuse_unknown(document, Config, "")
    result = _over(document_of(Config()), document, Config)
    for setting in settings:
        path, found, text = setting.partition("=")
        if not found or not path:
            raise ConfigError(f"--set {setting}: expected key=value")
        *parents, last = path.split(".")
        place = result
        for name in parents:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise ConfigError(f"--set {path}: {name} holds no keys")
        place[last] = _value(text)
    return result


def _value(text: str) -> Any:
    try:
        return TypeAdapter(Any).validate_json(text)
    except ValidationError:
        return text


def _over(below: Mapping[str, Any], above: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    """Return `above` over `below`: groups of settings key by key, anything else as a whole."""
    hints = get_type_hints(kind)
    result = dict(below)
    for key, value in above.items():
        is_group = is_dataclass(hints[key]) and isinstance(value, Mapping)
        result[key] = _over(below[key], value, hints[key]) if is_group else value
    return result


def _refuse_unknown(document: Any, kind: Any, place: str) -> None:
    """Raise for a key that `kind` has no field for, at any depth."""
    if not is_dataclass(kind) or not isinstance(document, Mapping):
        return
    hints = get_type_hints(kind)
    known = [item.name for item in fields(kind)]
    for key, value in document.items():
        if key not in known:
            raise ConfigError(
                f"{place}{key}: unknown key, expected one of {', '.join(sorted(known))}"
            )
        _refuse_unknown(value, hints[key], f"{place}{key}.")


def _refuse_endless(value: Any, place: str) -> None:
    """Raise for a number without an end, and for a whole one too large to count with."""
    match value:
        case dict():
            for key, inner in value.items():
                _refuse_endless(inner, f"{place}.{key}" if place else str(key))
        case list():
            for number, inner in enumerate(value):
                _refuse_endless(inner, f"{place}.{number}")
        case float() if not math.isfinite(value):
            raise ConfigError(f"{place}: {value}, expected a finite number")
        case int() if abs(value) > _LARGEST_WHOLE:
            raise ConfigError(f"{place}: {value:.6g}, expected at most {_LARGEST_WHOLE:,}")
