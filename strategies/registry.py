"""The strategies there are, and building them from a configuration with errors that help.

The rules of each stand in its own file; which configuration is active is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import get_type_hints

from strategies.base import Strategy
from strategies.bollinger_reversion import BollingerReversion
from strategies.breakout_retest import BreakoutRetest
from strategies.calendar_spread import CalendarSpread
from strategies.expiry_strangle import ExpiryStrangle
from strategies.iron_condor import IronCondor
from strategies.long_straddle import LongStraddle
from strategies.opening_range import OpeningRange
from strategies.options_ranker import OptionsRanker
from strategies.short_strangle import ShortStrangle
from strategies.trend_credit_spread import TrendCreditSpread
from strategies.trend_pullback import TrendPullback
from strategies.vwap_reversion import VWAPReversion

STRATEGIES: Mapping[str, type[Strategy]] = {
    strategy.name: strategy
    for strategy in (
        OpeningRange,
        TrendPullback,
        VWAPReversion,
        BreakoutRetest,
        BollingerReversion,
        OptionsRanker,
        IronCondor,
        ShortStrangle,
        LongStraddle,
        TrendCreditSpread,
        ExpiryStrangle,
        CalendarSpread,
    )
}


class StrategyConfigError(ValueError):
    """A configuration names a strategy or a parameter that cannot be; the text says which."""


def build_strategies(config: Mapping[str, Mapping[str, object]]) -> tuple[Strategy, ...]:
    """Return the configured strategies in the order given, with defaults where none is named.

    `config`: a strategy's name and its parameters by name. A whole number is taken where a
    fraction is expected. Raises `StrategyConfigError` naming the first key that is wrong, what it
    holds and what was expected.
    """
    return tuple(_build(name, parameters) for name, parameters in config.items())


def parameter_types(name: str) -> dict[str, type]:
    """Return the parameters of a strategy and their types. Raises `StrategyConfigError`."""
    strategy = _known(name)
    hints = get_type_hints(strategy)
    return {field.name: hints[field.name] for field in fields(strategy)}


def _known(name: str) -> type[Strategy]:
    if name not in STRATEGIES:
        raise StrategyConfigError(f"{name}: no such strategy, expected {_listed(STRATEGIES)}")
    return STRATEGIES[name]


def _build(name: str, parameters: object) -> Strategy:
    types = parameter_types(name)
    if not isinstance(parameters, Mapping):
        raise StrategyConfigError(f"{name}: {parameters!r}, expected parameters by name")
    values = {}
    for key, value in parameters.items():
        if key not in types:
            raise StrategyConfigError(f"{name}.{key}: no such parameter, expected {_listed(types)}")
        values[key] = _typed(f"{name}.{key}", value, types[key])
    try:
        return STRATEGIES[name](**values)
    except ValueError as error:
        raise StrategyConfigError(f"{name}.{error}") from error


def _typed(key: str, value: object, expected: type) -> object:
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise StrategyConfigError(
            f"{key}: {value!r} ({type(value).__name__}), expected {_TYPE_WORDS[expected]}"
        )
    return value


_TYPE_WORDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
}


def _listed(names: Mapping[str, object]) -> str:
    return "one of " + ", ".join(sorted(names))
