"""The structures that the options ranker tries for a view, and what each must be like.

When a view is taken stands in `options_ranker.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from strategies.context import IV_PERCENTILE
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Levels
from strategies.option_limits import Between, ChainLimits, LegLimits, OutlookLimits
from strategies.option_parameters import expiries_of, leaving_of, names_of, within
from strategies.option_rule import BestOf, OptionRule
from strategies.option_shapes import Butterfly, CreditSpread, DebitSpread, LongOption, Shape
from strategies.option_strikes import Expiry, Strike, StrikeBy

DELTA_STEP = 0.05
"""How far apart the deltas lie at which strikes are looked for."""


@dataclass(frozen=True, slots=True)
class RankerRules:
    """The parameters of the options ranker that its structures depend on, by the same names."""

    underlyings: str
    min_days: int
    max_days: int
    days_by_underlying: str
    buy_max_iv_percentile: float
    sell_min_iv_percentile: float
    max_skew: float
    min_delta: float
    max_delta: float
    max_width: int
    max_debit: float
    debit_min_pop: float
    debit_min_reward: float
    min_credit: float
    credit_min_pop: float
    single_min_pop: float
    max_spread: float
    min_oi: float
    min_volume: float
    min_premium: float
    max_premium: float
    max_gamma: float
    max_vega: float
    debit_stop: float
    credit_stop: float
    stop_of_max_loss: float
    debit_first_target: float
    debit_target: float
    credit_first_target: float
    credit_target: float
    single_first_target: float
    single_target: float
    out_at: str
    most_move: float
    trail_part: float
    at_opinion_levels: bool

    @classmethod
    def of(cls, owner: object) -> RankerRules:
        """Return those parameters of a strategy that has them all."""
        return cls(**{each.name: getattr(owner, each.name) for each in fields(cls)})


def rules_of(rules: RankerRules, structures: tuple[str, ...]) -> BestOf:
    """Return the rule that tries every candidate of the named structures, in their order."""
    made = {
        "debit_spreads": _debit_spreads,
        "credit_spreads": _credit_spreads,
        "single_options": _single_options,
        "butterflies": _butterflies,
    }
    return BestOf(tuple(rule for name in structures for rule in made[name](rules)))


def deltas_of(rules: RankerRules) -> tuple[float, ...]:
    """Return the deltas at which bought strikes are looked for, the largest first."""
    count = int((rules.max_delta - rules.min_delta) / DELTA_STEP + 1e-9)
    return tuple(round(rules.max_delta - place * DELTA_STEP, 4) for place in range(count + 1))


def _debit_spreads(rules: RankerRules) -> Iterator[OptionRule]:
    terms = _buying(rules, _debit_levels(rules), rules.debit_min_pop, rules.debit_min_reward)
    for delta in deltas_of(rules):
        for width in range(1, rules.max_width + 1):
            shape = DebitSpread(_by(delta), Strike(StrikeBy.STEPS, width))
            yield _rule(rules, shape, terms, _to_buy(rules))


def _butterflies(rules: RankerRules) -> Iterator[OptionRule]:
    terms = _buying(rules, _debit_levels(rules), rules.debit_min_pop, rules.debit_min_reward)
    for delta in deltas_of(rules):
        for width in range(1, rules.max_width + 1):
            shape = Butterfly(_by(delta), Strike(StrikeBy.STEPS, width))
            yield _rule(rules, shape, terms, _to_buy(rules))


def _single_options(rules: RankerRules) -> Iterator[OptionRule]:
    levels = Levels(
        rules.debit_stop,
        rules.single_first_target,
        rules.single_target,
        GainOf.PREMIUM,
        rules.stop_of_max_loss,
    )
    terms = _buying(rules, levels, rules.single_min_pop)
    for delta in deltas_of(rules):
        yield _rule(rules, LongOption(_by(delta)), terms, _to_buy(rules))


def _credit_spreads(rules: RankerRules) -> Iterator[OptionRule]:
    terms = Terms(
        levels=Levels(
            rules.credit_stop,
            rules.credit_first_target,
            rules.credit_target,
            GainOf.PREMIUM,
            rules.stop_of_max_loss,
        ),
        leaving=leaving_of(rules),
        chain=ChainLimits(max_skew=rules.max_skew),
        legs=_legs(rules),
        outlook=OutlookLimits(
            min_pop=rules.credit_min_pop,
            min_credit=rules.min_credit,
            max_gamma=rules.max_gamma,
            max_vega=rules.max_vega,
        ),
    )
    needs = within(IV_PERCENTILE, rules.sell_min_iv_percentile, 100.0)
    for delta in deltas_of(rules):
        for width in range(1, rules.max_width + 1):
            shape = CreditSpread(_by(delta), Strike(StrikeBy.STEPS, width))
            yield _rule(rules, shape, terms, needs)


def _debit_levels(rules: RankerRules) -> Levels:
    return Levels(
        rules.debit_stop,
        rules.debit_first_target,
        rules.debit_target,
        GainOf.MAX_PROFIT,
        rules.stop_of_max_loss,
    )


def _buying(rules: RankerRules, levels: Levels, min_pop: float, min_reward: float = 0.0) -> Terms:
    return Terms(
        levels=levels,
        leaving=leaving_of(rules),
        chain=ChainLimits(max_skew=rules.max_skew),
        legs=_legs(rules),
        outlook=OutlookLimits(
            min_pop=min_pop,
            min_reward=min_reward,
            max_debit=rules.max_debit,
            max_gamma=rules.max_gamma,
            max_vega=rules.max_vega,
        ),
    )


def _legs(rules: RankerRules) -> LegLimits:
    return LegLimits(
        max_spread=rules.max_spread,
        min_oi=rules.min_oi,
        min_volume=rules.min_volume,
        min_premium=rules.min_premium,
        max_premium=rules.max_premium,
    )


def _rule(rules: RankerRules, shape: Shape, terms: Terms, needs: tuple[Between, ...]) -> OptionRule:
    expiry = Expiry(rules.min_days, rules.max_days)
    names = names_of(rules.underlyings)
    return OptionRule(shape, expiry, terms, needs, names, own_expiries=expiries_of(rules))


def _to_buy(rules: RankerRules) -> tuple[Between, ...]:
    return within(IV_PERCENTILE, 0.0, rules.buy_max_iv_percentile)


def _by(delta: float) -> Strike:
    return Strike(StrikeBy.DELTA, delta, DELTA_STEP)
