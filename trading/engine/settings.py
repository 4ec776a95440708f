"""How the engine is told to trade: settings of execution, and everything a run starts with.

Where these values come from (a config version, a data set) is decided above; nothing is read here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from marketdata.instruments import Instrument, PriceDirection
from marketdata.options.iv_history import IvHistories, IvSettings
from marketdata.timeframes import Timeframe
from marketdata.universe import Universe
from risk.event_rules import EventWindow
from risk.exits import ExitRules
from risk.hours import Stages
from risk.limits import RiskLimits
from strategies.base import Strategy
from strategies.ranking_settings import RankingSettings
from strategies.signals import Direction


class EntryStyle(StrEnum):
    """How an entry is sent.

    LIMIT: at once at the dearest price that was judged. CHASE: at the touch, following it up to
    that price. MARKET: as a market order.
    """

    LIMIT = "LIMIT"
    CHASE = "CHASE"
    MARKET = "MARKET"


class TargetStyle(StrEnum):
    """Where a target lives: the resting stop is converted, or (simulated only) it rests too."""

    CONVERT = "CONVERT"
    REST = "REST"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSettings:
    """How orders are sent and chased.

    `entry_timeout_seconds`: how long an entry may work; one that chases `entry_chase_seconds`, with
    at most `entry_chase_changes` of its price. `stop_offset_ticks` and
    `stop_offset_fraction`: the resting stop's limit lies the larger of both behind its trigger.
    `exit_chase_ticks`: how far through the touch an exit's limit lies; after `exit_retry_seconds`
    unfilled it is priced anew, after `exit_attempts` of these it becomes a market order with
    `market_protection` percent (-1 is the broker's automatic). An exit of which nothing fills for
    `exit_replace_seconds` from the first time it is looked after is cancelled, and sent anew once
    the broker tells that it is gone. A leg of several that has not
    filled within `leg_retry_seconds` is priced anew, each time up to `leg_chase_ticks` further;
    after `leg_attempts` of these the entry ends with what is held. After a refused exit the next
    one waits for half a second, after eight refusals in a row twice as long each time, at
    most `refusal_pause_seconds`.
    `stop_watchdog_seconds`: how long the price may be through a stop that has not filled.
    `one_unit`: trade one lot, `fixed_units` times, whatever the risk (comparisons with other
    implementations only).
    `with_charges` off books no charges.
    """

    entry_style: EntryStyle = EntryStyle.LIMIT
    entry_timeout_seconds: int = 30
    entry_chase_seconds: int = 5
    entry_chase_changes: int = 5
    stop_offset_ticks: int = 5
    stop_offset_fraction: float = 0.002
    stop_is_market: bool = False
    exit_chase_ticks: int = 2
    exit_retry_seconds: int = 10
    exit_attempts: int = 3
    exit_replace_seconds: int = 60
    refusal_pause_seconds: int = 3
    exit_is_market: bool = False
    stop_watchdog_seconds: int = 5
    leg_retry_seconds: int = 5
    leg_attempts: int = 2
    leg_chase_ticks: int = 2
    market_protection: Decimal = Decimal(-1)
    target_style: TargetStyle = TargetStyle.CONVERT
    one_unit: bool = False
    fixed_units: int = 1
    with_charges: bool = True

    def __post_init__(self) -> None:
        for name in (
            "entry_timeout_seconds",
            "entry_chase_seconds",
            "entry_chase_changes",
            "exit_retry_seconds",
            "exit_attempts",
            "exit_replace_seconds",
            "refusal_pause_seconds",
            "leg_retry_seconds",
            "leg_attempts",
            "fixed_units",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"execution.{name}: expected 1 or more")
        if not 0 <= self.stop_offset_fraction < 1:
            raise ValueError("execution.stop_offset_fraction: expected from 0 to below 1")

    def stop_prices(
        self, instrument: Instrument, direction: Direction, stop: float
    ) -> tuple[Decimal, Decimal]:
        """Return trigger and limit of the order that protects a position at `stop`, on the grid.

        `direction` of the position; both lie on its losing side or at `stop`.
        """
        away = PriceDirection.DOWN if direction is Direction.LONG else PriceDirection.UP
        trigger = instrument.on_grid(stop, away)
        offset = max(
            self.stop_offset_ticks * instrument.tick_size,
            trigger * Decimal(repr(self.stop_offset_fraction)),
        )
        return trigger, instrument.on_grid(trigger - offset * int(direction), away)


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """Everything a run starts with; two runs with equal set-ups and events decide equally.

    `stages` holds one entry per column of the universe, None where nothing is traded; `closes`
    when each column's own trading ends, empty where all end with the session.
    `previous_close`: rupees by column, NaN where unknown. `event_windows`: of the
    scheduled events near the session, with their effects. `banned`: underlyings that may not be
    entered, every share where `has_ban_list` is false. `live` is true when orders reach a real
    broker; with `asks_margin` it is asked for the margin of each entry before the gate answers.
    `iv_history`: volatility at the money of days before by underlying, of which `iv_settings` says
    how many count. `warm_up` is not here: histories of bars go to `Engine.warm`.
    """

    run_code: str
    day: date
    opens_at: datetime
    closes_at: datetime
    capital: Decimal
    universe: Universe
    stages: tuple[Stages | None, ...]
    previous_close: tuple[float, ...]
    strategies: tuple[Strategy, ...]
    ranking: RankingSettings
    limits: RiskLimits
    exits: ExitRules
    execution: ExecutionSettings
    banned: frozenset[str]
    event_windows: tuple[EventWindow, ...]
    live: bool
    closes: tuple[datetime, ...] = ()
    asks_margin: bool = False
    has_ban_list: bool = True
    iv_history: IvHistories = field(default_factory=dict)
    iv_settings: IvSettings = field(default_factory=IvSettings)

    def instrument(self, column: int) -> Instrument:
        """Return the instrument of a column."""
        return self.universe.columns[column].instrument

    def timeframe_of(self, strategy: str) -> Timeframe:
        """Return the length of the bars that a strategy looks at. Raises `ValueError`."""
        for each in self.strategies:
            if each.name == strategy:
                return each.timeframe
        raise ValueError(f"strategy: {strategy}, expected one of the run's")
