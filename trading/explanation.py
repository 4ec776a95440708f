"""Why an opinion stood where it stood and what became of it: one text for command, page and API.

The score is worked out again in `score_again.py`; finding the opinion is `selectors_signal.py`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import timezone
from msgspec import structs

from strategies.direction import Direction
from strategies.opportunities import Contribution, Penalty, Population, net_reward_to_risk
from trading.config import ConfigError
from trading.models import Decision, Ranking, Signal
from trading.score_again import Again, StoredRankingError, worked_out_again

_WORDS = {"rr": "reward to risk"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is told of one opinion.

    `differences`: the stored fields that the stored inputs don't come to, empty where all do.
    `document`: the same and all inputs as plain values; numbers that are unknown are None.
    """

    lines: tuple[str, ...]
    differences: tuple[str, ...]
    document: dict[str, Any]


def explained(signal: Signal) -> Explanation:
    """Return why an opinion stood where it stood, its score worked out again."""
    ranking = Ranking.objects.filter(signal=signal).first()
    again: Again | None = None
    differences: tuple[str, ...] = ()
    if ranking is not None:
        try:
            again = worked_out_again(signal, ranking)
            differences = again.differences
        except ConfigError as error:
            differences = (f"config_version: {error}",)
        except StoredRankingError as error:
            differences = (str(error),)
    elif signal.rank:
        differences = ("ranking",)
    lines = (
        *_head(signal),
        *_ranked(signal, ranking, again),
        *_outcome(signal),
        *_check(signal, differences),
    )
    return Explanation(lines, differences, _document(signal, ranking, again, lines, differences))


def _head(signal: Signal) -> Iterator[str]:
    traded = f", traded as {signal.traded.key}" if signal.traded else ""
    yield (
        f"{signal.code}: {signal.strategy} {Direction(signal.direction).name} on "
        f"{signal.instrument.key}{traded}, {_moment(signal)} "
        f"(run {signal.run.code}, {signal.config_version})"
    )
    targets = [f"₹{price:.2f}" for price in (signal.target1, signal.target2) if price is not None]
    yield (
        f"entry ₹{signal.entry:.2f}, stop ₹{signal.stop:.2f}, "
        f"targets {' and '.join(targets) or 'none'}, confidence {_told(signal.confidence)}"
    )


def _moment(signal: Signal) -> str:
    return f"{timezone.localtime(signal.at):%Y-%m-%d %H:%M:%S} IST"


def _ranked(signal: Signal, ranking: Ranking | None, again: Again | None) -> Iterator[str]:
    """Tell how the score came about, from the stored numbers."""
    if ranking is None:
        return
    yield f"score {_told(signal.score)}, rank {signal.rank} of {ranking.among} compared"
    populations = again.basis.populations if again else ()
    for place, row in enumerate(signal.contributions):
        part = Contribution(row["feature"], *(_number(row.get(n)) for n in _OF_PART))
        yield f"  {_part(part, populations[place] if place < len(populations) else None, again)}"
    for row in signal.penalties:
        penalty = Penalty(row["name"], *(_number(row[n]) for n in _OF_PENALTY))
        yield f"  × {penalty.factor:g} {_penalty(penalty)}"
    if not signal.penalties:
        yield "  no penalty"
    if again is not None:
        basis = again.basis
        net = net_reward_to_risk(basis.reward, basis.risk, basis.costs_to_reward)
        yield (
            f"reward ₹{basis.reward:.2f} and risk ₹{basis.risk:.2f} a unit; charges and taxes of "
            f"both ways are {basis.costs_to_reward:.1%} of the reward: {net:.2f} to 1 after them"
        )
        shown = [f"{name} {_told(value)}" for name, value in basis.readings]
        yield f"the market showed: {', '.join(shown) or 'nothing yet'}"


_OF_PART = ("raw", "normalised", "weight", "contribution")
_OF_PENALTY = ("factor", "measured", "threshold")


def _part(part: Contribution, population: Population | None, again: Again | None) -> str:
    name = _WORDS.get(part.feature, part.feature)
    made = f"{name}: {part.contribution:.4f} = {part.weight:g} × {part.normalised:.4f}"
    if population is None or again is None:
        return f"{made} (raw {_told(part.raw)})"
    if population.compared:
        return (
            f"{made} (raw {_told(part.raw)} against a median of {_told(population.middle)}, "
            f"deviation {_told(population.sigma)}, {population.samples} samples)"
        )
    if population.middle is None and not population.samples and part.feature != "rr":
        return f"{made} (raw {_told(part.raw)}: nothing to compare)"
    needed = again.settings.min_samples
    return f"{made} (raw {_told(part.raw)} itself: {population.samples} samples, {needed} needed)"


def _penalty(penalty: Penalty) -> str:
    kind, _, of = penalty.name.partition(": ")
    measured, threshold = _told(penalty.measured), _told(penalty.threshold)
    match kind:
        case "illiquid" if of:
            bound = "at most" if of.startswith("spread") else "at least"
            return f"illiquid: {of} {measured}, {bound} {threshold}"
        case "event":
            return f"event near: {of}"
        case "far_from_vwap":
            return f"far from VWAP: {penalty.measured:.2%} away, at most {penalty.threshold:.2%}"
        case "correlated":
            return f"moves with {of}: correlation {measured}, at most {threshold}"
        case _:
            return f"{penalty.name}: measured {measured}, threshold {threshold}"


def _outcome(signal: Signal) -> Iterator[str]:
    """Tell why it wasn't traded, or what was approved and how that stands."""
    if signal.why_not:
        yield f"not traded: {signal.why_not}"
    for decision in signal.decisions.order_by("seq"):
        yield from _answer(decision)


def _answer(decision: Decision) -> Iterator[str]:
    if not decision.approved:
        yield f"not traded: refused by the gate ({decision.code})"
        for verdict in decision.verdicts:
            if not verdict["passed"]:
                detail = f", {verdict['detail']}" if verdict["detail"] else ""
                unit = f" {verdict['unit']}" if verdict["unit"] else ""
                yield (
                    f"  {verdict['rule']}: measured {verdict['measured']}, "
                    f"allowed {verdict['allowed']}{unit}{detail}"
                )
        return
    yield (
        f"approved ({decision.code}): {decision.quantity} units, risk ₹{decision.risk_inr:.2f}, "
        f"costs ₹{decision.expected_costs_inr:.2f}, margin ₹{decision.margin_inr:.2f}"
    )
    for plan in decision.plans.filter(combination=None).order_by("seq"):
        yield f"  plan {plan.code}: {plan.state} {plan.reason}".rstrip()


def _check(signal: Signal, differences: tuple[str, ...]) -> Iterator[str]:
    if differences:
        yield f"worked out again from what is stored, it differs in: {', '.join(differences)}"
    elif signal.rank:
        yield "worked out again from what is stored, every number is the same to the last bit"


def _document(
    signal: Signal,
    ranking: Ranking | None,
    again: Again | None,
    lines: tuple[str, ...],
    differences: tuple[str, ...],
) -> dict[str, Any]:
    score = again.score if again else None
    return {
        "signal": signal.code,
        "id": str(signal.pk),
        "run": signal.run.code,
        "config_version": str(signal.config_version),
        "config_sha256": signal.config_version.sha256,
        "explanation": list(lines),
        "differences": list(differences),
        "settings": asdict(again.settings) if again else None,
        "inputs": _inputs(ranking) if ranking else None,
        "stored": {
            "score": signal.score,
            "contributions": signal.contributions,
            "penalties": signal.penalties,
        },
        "worked_out_again": {
            "score": score.value,
            "contributions": [structs.asdict(part) for part in score.contributions],
            "penalties": [structs.asdict(penalty) for penalty in score.penalties],
        }
        if score
        else None,
    }


def _inputs(ranking: Ranking) -> dict[str, Any]:
    return {
        "among": ranking.among,
        "kept": ranking.kept,
        **ranking.measures,
        "readings": dict(ranking.readings),
        "grades": ranking.grades,
        "populations": ranking.populations,
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _told(value: float | None) -> str:
    return "unknown" if value is None or math.isnan(value) else f"{value:.6g}"
