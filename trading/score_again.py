"""A stored opinion's score worked out again, and every stored number that doesn't come out so.

What is stored in another shape is refused by name; how all of it is told in words stands in
`explanation.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from strategies.opportunities import Basis, Grade, Population
from strategies.ranking_features import MEASURED, READINGS, grades_of
from strategies.ranking_score import FEATURES, Score, is_known, scored
from strategies.ranking_settings import RankingSettings
from strategies.signals import Direction
from trading import config
from trading.models import Ranking, Signal

_MADE = {"direction", "readings", "grades", "populations"}
_MEASURES = tuple(name for name in Basis.__struct_fields__ if name not in _MADE)


class StoredRankingError(Exception):
    """What a ranking stored has another shape than today's; the text names the field."""


@dataclass(frozen=True, slots=True)
class Again:
    """A score made anew: the settings and the basis it follows from, and what came out otherwise.

    `differences`: names of the stored fields whose bytes are others, in the order of the sum.
    """

    settings: RankingSettings
    basis: Basis
    score: Score
    differences: tuple[str, ...]


def worked_out_again(signal: Signal, ranking: Ranking) -> Again:
    """Return a stored score made anew from its inputs and the configuration it was made under.

    Raises `ConfigError` for a configuration that can no longer be read, `StoredRankingError` for
    inputs of another shape.
    """
    settings = config.read(signal.config_version.content).ranking
    basis = basis_of(signal, ranking)
    score = scored(basis, settings)
    told = (
        *_of_inputs(signal, ranking, basis, settings),
        *_of_rows("contributions", "feature", signal.contributions, score.contributions),
        *_of_rows("penalties", "name", signal.penalties, score.penalties),
        *_of_values({"score": (signal.score, score.value)}),
    )
    return Again(settings, basis, score, told)


def basis_of(signal: Signal, ranking: Ranking) -> Basis:
    """Return what a stored score follows from; grades are made anew from the readings.

    Raises `StoredRankingError` for inputs of another shape.
    """
    _check(ranking)
    told = {name: _number(value) for name, value in ranking.readings}
    made: list[list[float]] = [[math.nan, math.nan]] * len(MEASURED)
    if told:
        made = grades_of({name: np.array([v]) for name, v in told.items()})[:, :, 0].tolist()
    texts = ("segment", "event", "correlated_with")
    measures: dict[str, Any] = {
        name: value if name in texts else _number(value) for name, value in ranking.measures.items()
    }
    return Basis(
        direction=Direction(signal.direction),
        readings=tuple(told.items()),
        grades=tuple(Grade(name, *pair) for name, pair in zip(MEASURED, made, strict=True)),
        populations=tuple(
            Population(
                feature=row["feature"],
                samples=row["samples"],
                middle=_number(row["middle"]),
                sigma=_number(row["sigma"]),
                compared=row["compared"],
            )
            for row in ranking.populations
        ),
        **measures,
    )


def _check(ranking: Ranking) -> None:
    """Refuse inputs that aren't what a ranking is made from; no reading at all is one that is."""
    told = {
        "grades": ([row.get("feature") for row in ranking.grades], MEASURED),
        "populations": ([row.get("feature") for row in ranking.populations], FEATURES),
        "measures": (sorted(ranking.measures), sorted(_MEASURES)),
    }
    if ranking.readings:
        told["readings"] = ([name for name, _ in ranking.readings], READINGS)
    for name, (stored, expected) in told.items():
        if list(stored) != list(expected):
            raise StoredRankingError(f"{name}: stored {_list(stored)}, expected {_list(expected)}")


def _list(names: Iterable[str | None]) -> str:
    return ", ".join(str(name) for name in names) or "none"


def _of_inputs(
    signal: Signal, ranking: Ranking, basis: Basis, settings: RankingSettings
) -> Iterator[str]:
    """Name the stored inputs that don't follow from one another."""
    yield from _of_values({"confidence": (signal.confidence, basis.confidence)})
    for row, made in zip(ranking.grades, basis.grades, strict=True):
        sides = {"long": (row["long"], made.long), "short": (row["short"], made.short)}
        yield from (f"grades.{row['feature']}.{name}" for name in _of_values(sides))
    for population in basis.populations:
        enough = population.samples >= settings.min_samples
        if population.compared is not (enough and is_known(population.feature, basis)):
            yield f"populations.{population.feature}.compared"


def _of_rows(
    noun: str, key: str, stored: Sequence[Mapping[str, Any]], made: Sequence[Any]
) -> Iterator[str]:
    """Name the fields of stored rows that are others than those made anew, or the row itself."""
    rows = [msgspec.structs.asdict(row) for row in made]
    if [row[key] for row in stored] != [row[key] for row in rows]:
        yield noun
        return
    for one, other in zip(stored, rows, strict=True):
        pairs = {name: (one.get(name), other[name]) for name in other if name != key}
        yield from (f"{noun}.{one[key]}.{name}" for name in _of_values(pairs))


def _of_values(pairs: Mapping[str, tuple[float | None, float | None]]) -> Iterator[str]:
    for name, (stored, made) in pairs.items():
        if _bytes(_number(stored)) != _bytes(made):
            yield name


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _bytes(value: float | None) -> bytes:
    return msgspec.json.encode(value)
