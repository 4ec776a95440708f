"""Whether we trade at all: the trading state, the reasons that block it, and who may lift them.

It tightens by itself and is loosened only by whoever set the reason: a condition by turning good,
a lock by a person. What a state makes the engine do is the engine's part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from risk.exposure import Exposure
from risk.limits import RiskLimits

DAILY_LOSS = "daily-loss"
DAILY_LOSS_REACHED = "daily-loss-reached"
"""Blocks entries for the rest of the day, where the day's loss is not to flatten the desk."""
END_OF_DAY = "end-of-day"


class TradingState(StrEnum):
    """How far trading is allowed, loosest first."""

    OPEN = "OPEN"
    REDUCE_ONLY = "REDUCE_ONLY"
    FLATTENING = "FLATTENING"
    HALTED = "HALTED"


_S = TradingState
TIGHTENING: dict[TradingState, frozenset[TradingState]] = {
    _S.OPEN: frozenset({_S.REDUCE_ONLY, _S.FLATTENING}),
    _S.REDUCE_ONLY: frozenset({_S.FLATTENING}),
    _S.FLATTENING: frozenset({_S.HALTED}),
    _S.HALTED: frozenset(),
}
"""The changes that happen by themselves; staying is always allowed."""

LOOSENING: dict[TradingState, frozenset[TradingState]] = {
    _S.OPEN: frozenset(),
    _S.REDUCE_ONLY: frozenset({_S.REDUCE_ONLY, _S.OPEN}),
    _S.FLATTENING: frozenset(),
    _S.HALTED: frozenset({_S.REDUCE_ONLY, _S.OPEN}),
}
"""The changes that need the last reason gone (REDUCE_ONLY) or a person's unlock (HALTED)."""


class LockedError(Exception):
    """Something tried to lift what only a person may lift, or to unlock what isn't halted."""


@dataclass(frozen=True, slots=True)
class Breakers:
    """The trading state and every reason that blocks entries.

    `blocked`: names of conditions (`operator`, `data`, `leader`, …) and locks. `locked`: the part
    of them that flattened the desk and that only `unlock` lifts. OPEN means `blocked` is empty.
    """

    state: TradingState = TradingState.OPEN
    blocked: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.locked <= self.blocked:
            raise ValueError(f"locked: {sorted(self.locked - self.blocked)} missing in blocked")
        if (self.state is TradingState.OPEN) == bool(self.blocked):
            raise ValueError(f"state: {self.state} does not go with blocked {sorted(self.blocked)}")
        if self.must_flatten != bool(self.locked):
            raise ValueError(f"state: {self.state} does not go with locked {sorted(self.locked)}")

    @property
    def may_enter(self) -> bool:
        """Say whether new positions may be opened."""
        return self.state is TradingState.OPEN

    @property
    def must_flatten(self) -> bool:
        """Say whether everything still open is to be closed."""
        return self.state in (TradingState.FLATTENING, TradingState.HALTED)

    @property
    def has_lost_the_day(self) -> bool:
        """Say whether the day's loss has ended its entries, whatever else it did."""
        return DAILY_LOSS in self.blocked or DAILY_LOSS_REACHED in self.blocked

    def block(self, reason: str) -> Breakers:
        """Return the breakers with entries blocked for `reason`; positions stay as they are."""
        return self._tightened(TradingState.REDUCE_ONLY, _named(reason))

    def block_for_today(self) -> Breakers:
        """Return the breakers with entries blocked by the day's loss; nothing is flattened."""
        return self.block(DAILY_LOSS_REACHED)

    def clear(self, reason: str) -> Breakers:
        """Return the breakers without `reason`; entries resume once no reason is left.

        A reason that isn't there changes nothing. Raises `LockedError` for a lock.
        """
        if reason in self.locked:
            raise LockedError(f"{reason}: only a person may lift this, by unlocking")
        blocked = self.blocked - {reason}
        if self.state is TradingState.REDUCE_ONLY:
            return self._loosened(blocked)
        return replace(self, blocked=blocked)

    def flatten(self, reason: str) -> Breakers:
        """Return the breakers that close everything and lock the desk for `reason`."""
        return self._tightened(TradingState.FLATTENING, _named(reason), lock=True)

    def halt(self) -> Breakers:
        """Return the breakers once flattening has ended flat. Raises `ValueError` before it."""
        return replace(self, state=TradingState.HALTED)

    def unlock(self, by: str) -> Breakers:
        """Return the breakers after a person lifted every lock; conditions go on blocking.

        Raises `ValueError` without a name, `LockedError` unless halted: flattening is finished
        first.
        """
        if not by.strip():
            raise ValueError("by: empty, expected the name of the person who unlocks")
        if self.state is not TradingState.HALTED:
            raise LockedError(f"state: {self.state}, only a halted desk can be unlocked")
        return self._loosened(self.blocked - self.locked)

    def _tightened(self, towards: TradingState, reason: str, *, lock: bool = False) -> Breakers:
        return Breakers(
            towards if towards in TIGHTENING[self.state] else self.state,
            self.blocked | {reason},
            self.locked | {reason} if lock else self.locked,
        )

    def _loosened(self, blocked: frozenset[str]) -> Breakers:
        state = _state_for(blocked)
        if state not in LOOSENING[self.state]:
            raise LockedError(f"{self.state} -> {state} is not allowed")
        return Breakers(state, blocked)


def _state_for(blocked: frozenset[str]) -> TradingState:
    return TradingState.REDUCE_ONLY if blocked else TradingState.OPEN


def daily_loss_breached(exposure: Exposure, limits: RiskLimits) -> bool:
    """Say whether the day's loss, net of charges, has reached its limit; at the limit it has."""
    allowed = limits.daily_loss_inr(exposure.day_start_equity_inr)
    return exposure.profit_of_day_inr <= -allowed


def _named(reason: str) -> str:
    if not reason.strip():
        raise ValueError("reason: empty, expected why entries are blocked")
    return reason
