"""How the engine is told to trade: settings of execution, and everything a run starts with.

Where these values come from (a config version, a data set) is decided above; nothing is read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from marketdata.instruments import Instrument
from marketdata.universe import Universe
from risk.exits import ExitRules
from risk.hours import Stages
from risk.limits import RiskLimits
from strategies.base import Strategy
from strategies.ranking_settings import RankingSettings


class EntryStyle(StrEnum):
    """How an entry is sent: a marketable limit, or a market order."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"


class TargetStyle(StrEnum):
    """Where a target lives: the resting stop is converted, or (simulated only) it rests too."""

    CONVERT = "CONVERT"
    REST = "REST"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSettings:
    """How orders are sent and chased.

    `entry_timeout_seconds`: how long an entry may work. `stop_offset_ticks` and
    `stop_offset_fraction`: the resting stop's limit lies the larger of both behind its trigger.
    `exit_chase_ticks`: how far through the touch an exit's limit lies; after `exit_retry_seconds`
    unfilled it is priced anew, after `exit_attempts` of these it becomes a market order with
    `market_protection` percent (-1 is the broker's automatic). After a refused exit the next one
    waits for `refusal_pause_seconds`. `stop_watchdog_seconds`: how long
    the price may be through a stop that has not filled. `one_unit`: trade one unit whatever the
    risk (comparisons with other implementations only). `with_charges` off books no charges.
    """

    entry_style: EntryStyle = EntryStyle.LIMIT
    entry_timeout_seconds: int = 30
    stop_offset_ticks: int = 5
    stop_offset_fraction: float = 0.002
    stop_is_market: bool = False
    exit_chase_ticks: int = 2
    exit_retry_seconds: int = 10
    exit_attempts: int = 3
    refusal_pause_seconds: int = 3
    exit_is_market: bool = False
    stop_watchdog_seconds: int = 5
    market_protection: Decimal = Decimal(-1)
    target_style: TargetStyle = TargetStyle.CONVERT
    one_unit: bool = False
    with_charges: bool = True

    def __post_init__(self) -> None:
        for name in (
            "entry_timeout_seconds",
            "exit_retry_seconds",
            "exit_attempts",
            "refusal_pause_seconds",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"execution.{name}: expected 1 or more")
        if not 0 <= self.stop_offset_fraction < 1:
            raise ValueError("execution.stop_offset_fraction: expected from 0 to below 1")


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """Everything a run starts with; two runs with equal set-ups and events decide equally.

    `stages` holds one entry per column of the universe, None where nothing is traded.
    `previous_close`: rupees by column, NaN where unknown. `event_windows`: from and until of
    scheduled events that concern the whole market. `banned`: underlyings that may not be entered,
    every share where `has_ban_list` is false. `live` is true when orders reach a real broker.
    `warm_up` is not here: histories go to `Engine.warm`.
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
    event_windows: tuple[tuple[datetime, datetime], ...]
    live: bool
    has_ban_list: bool = True

    def instrument(self, column: int) -> Instrument:
        """Return the instrument of a column."""
        return self.universe.columns[column].instrument
