"""The rate that discounts option prices, by date: the Reserve Bank's policy repo rate.

The forward needs none: it comes from the options themselves, in `forward.py`.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from math import exp

from marketdata.dated import Dated
from marketdata.tables import DATA, DataFileError, read_toml


def interest_rate(day: date) -> float:
    """Return the rate a year of a day, a fraction. Raises `FactMissing` before the data begin."""
    return _rates().at(day)


def discount_factor(rate: float, years: float) -> float:
    """Return what a rupee in `years` is worth now, compounded continuously."""
    return exp(-rate * years)


@cache
def _rates() -> Dated[float]:
    path = DATA / "interest_rates.toml"
    rows = read_toml(path).rows("repo")
    told = []
    for row in rows:
        rate = row.decimal("rate")
        if rate >= 1:
            row.refuse("rate", "a fraction a year, below 1")
        told.append((row.day("valid_from"), float(rate), row.text("source")))
    try:
        return Dated.until_next("policy repo rate", told)
    except ValueError as error:
        raise DataFileError(f"{path}: {error}") from error
