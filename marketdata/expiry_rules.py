"""On which day contracts expire by the dated weekday rules, holidays moved to the day before.

Whether the instrument dump agrees is for its reader to check; the dump wins.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from marketdata.calendar_data import ExpiryRule
from marketdata.dated import Dated

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_HORIZON_DAYS = 100


class NoExpiry(LookupError):
    """No contract of that sort expires within the horizon, as where weeklies were withdrawn."""


def first_expiry(
    rules: Dated[ExpiryRule],
    on_or_after: date,
    monthly: bool,
    is_ordinary: Callable[[date], bool],
) -> date:
    """Return the first expiry that is not before `on_or_after`.

    `is_ordinary`: whether a day has an ordinary session; others move the expiry to the ordinary
    day before. Raises `FactMissing` where no rule holds, `NoExpiry` if none comes in 100 days.
    """
    for offset in range(_HORIZON_DAYS):
        nominal = on_or_after + offset * _DAY
        if _is_nominal(rules, nominal, monthly):
            day = nominal
            while not is_ordinary(day):
                day -= _DAY
            if day >= on_or_after:
                return day
    raise NoExpiry(f"{rules.name}: no expiry within {_HORIZON_DAYS} days of {on_or_after}")


def _is_nominal(rules: Dated[ExpiryRule], day: date, monthly: bool) -> bool:
    rule = rules.at(day)
    if _is_monthly(rule, day):
        return True
    if monthly or rule.weekly != day.weekday():
        return False
    monday = day - day.weekday() * _DAY
    return not _is_monthly(rule, monday + rule.monthly * _DAY)


def _is_monthly(rule: ExpiryRule, day: date) -> bool:
    return day.weekday() == rule.monthly and (day + _WEEK).month != day.month
