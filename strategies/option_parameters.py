"""The parameters that option strategies share, checked and made into the values rules take.

Which of them a strategy has is decided by its fields.
"""

from __future__ import annotations

import re
from datetime import time
from math import inf
from typing import Any

import numpy as np

from marketdata.bars import Flags
from strategies.base import Frame
from strategies.context import DAYS_TO_EXPIRY
from strategies.option_levels import GainOf, Leaving, Levels
from strategies.option_limits import Between
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.parameters import check_choice, check_order, check_range, check_speech

_OWN_DAYS = re.compile(r"(?P<name>[^=\s]+)=(?P<low>\d{1,3})-(?P<high>\d{1,3})")
POINTS_BY = (StrikeBy.POINTS.value, StrikeBy.STEPS.value, StrikeBy.FRACTION.value)


def check_option_entry(owner: object) -> None:
    """Check names, hours, days and the legs' limits. Raises `ValueError` naming the field."""
    check_speech(owner)
    names_of(str(getattr(owner, "underlyings", "")))
    check_range(owner, 0, 1440, "earliest_minute", "latest_minute")
    check_range(owner, 0, 400, "min_days", "max_days")
    Expiry(getattr(owner, "min_days", 0), getattr(owner, "max_days", 0))
    expiries_of(owner)
    check_range(owner, 0, 1, "max_spread", "confidence")
    check_range(owner, 0, inf, "min_oi", "min_volume")
    check_clock(str(getattr(owner, "out_at", "")))
    leaving_of(owner)


def leaving_of(owner: object) -> Leaving:
    """Return what a strategy's parameters set for the exits. Raises `ValueError` by field."""
    return Leaving(
        out_at=str(getattr(owner, "out_at", "")),
        at_opinion_levels=bool(getattr(owner, "at_opinion_levels", False)),
        most_move=float(getattr(owner, "most_move", 0.0)),
        trail_part=float(getattr(owner, "trail_part", 0.0)),
    )


def check_clock(text: str) -> None:
    """Raise `ValueError` unless the text is a time of day (`15:10`) or empty."""
    try:
        if text:
            time.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"out_at: {text!r}, expected a time of day like 15:10") from error


def check_strike(owner: object, by: str, amount: str) -> None:
    """Check how far out a strike lies; `by` and `amount` are names of fields."""
    check_choice(owner, by, tuple(StrikeBy))
    is_delta = getattr(owner, by) == StrikeBy.DELTA
    check_range(owner, *((0.01, 0.99) if is_delta else (-100_000, 100_000)), amount)


def check_credit(owner: object) -> None:
    """Check what is sold and hedged, and when the credit it brings is taken or given up."""
    check_strike(owner, "sold_by", "sold")
    check_choice(owner, "width_by", POINTS_BY)
    check_range(owner, 0.0001, 100_000, "width")
    check_range(owner, 0, 1, "delta_tolerance", "min_credit", "min_pop")
    check_range(owner, 0.01, 0.99, "target")
    check_range(owner, 1.01, 100, "stop")
    check_range(owner, 0.01, 1, "stop_of_max_loss")


def check_percentiles(owner: object) -> None:
    """Check between which percentiles volatility must stand."""
    check_range(owner, 0, 100, "min_iv_percentile", "max_iv_percentile")
    check_order(owner, "min_iv_percentile", "max_iv_percentile")


def names_of(underlyings: str) -> tuple[str, ...]:
    """Return the names in a text like `NIFTY,BANKNIFTY`; empty text for all that have options."""
    names = tuple(name.strip() for name in underlyings.split(",")) if underlyings else ()
    if not all(names):
        raise ValueError(f"underlyings: {underlyings!r}, expected names separated by commas")
    return names


def expiries_of(owner: object) -> tuple[tuple[str, Expiry], ...]:
    """Return the days to expiry that hold for single underlyings, by name.

    Told in `days_by_underlying` as `BANKNIFTY=1-35,FINNIFTY=0-28`, empty text for none; the names
    are among `underlyings`, where those are told. Raises `ValueError` naming the field.
    """
    text = str(getattr(owner, "days_by_underlying", ""))
    if not text:
        return ()
    known = names_of(str(getattr(owner, "underlyings", "")))
    found: dict[str, Expiry] = {}
    for part in text.split(","):
        told = _OWN_DAYS.fullmatch(part.strip())
        if told is None or told["name"] in found or (known and told["name"] not in known):
            raise ValueError(
                f"days_by_underlying: {part.strip()!r}, expected each of the underlyings at most "
                "once, like BANKNIFTY=1-35"
            )
        try:
            found[told["name"]] = Expiry(int(told["low"]), int(told["high"]))
        except ValueError as error:
            raise ValueError(f"days_by_underlying: {told['name']}: {error}") from error
    return tuple(found.items())


def strike_of(by: str, amount: float, tolerance: float = 0.05) -> Strike:
    """Return the choice of a strike that two parameters tell."""
    return Strike(StrikeBy(by), amount, tolerance)


def sold_and_width(owner: Any) -> tuple[Strike, Strike]:
    """Return where the sold strike lies, and how far beyond it its hedge."""
    sold = strike_of(owner.sold_by, owner.sold, owner.delta_tolerance)
    return sold, strike_of(owner.width_by, owner.width)


def credit_levels(owner: Any) -> Levels:
    """Return when a credit is taken, and when given up: at the nearer of its two stops."""
    target = owner.target
    return Levels(owner.stop, target, target, GainOf.PREMIUM, owner.stop_of_max_loss)


def within(name: str, low: float, high: float) -> tuple[Between, ...]:
    """Return the need that a reading of 0 to 100 lies in a range; all of it asks nothing."""
    return () if low <= 0 and high >= 100 else (Between(name, low, high),)


def may_enter(frame: Frame, earliest_minute: int, latest_minute: int) -> Flags:
    """Return where options exist and the bar starts in the hours, the latest minute excluded."""
    inside = (frame.minute >= earliest_minute) & (frame.minute < latest_minute)
    allowed: Flags = np.isfinite(frame.beside(DAYS_TO_EXPIRY)) & inside
    return allowed


def quiet_so_far(frame: Frame, hours: tuple[int, int], max_move: float) -> Flags:
    """Return where `may_enter` holds and the day has moved no farther than `max_move`, 0 for any.

    `hours`: the earliest and the latest minute. The frame has a `day` (`SessionContext`).
    """
    quiet = may_enter(frame, *hours)
    return quiet & (abs(frame["day"]["return_today"]) <= max_move) if max_move else quiet
