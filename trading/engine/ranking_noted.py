"""The note that tells what an opinion's score follows from; all other notes are in `actions.py`.

Plain values, as every note's. How they are told of an opportunity stands in `opinion_notes.py`.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from strategies.opportunities import Grade, Population


class RankingNoted(Struct, frozen=True, gc=False):
    """What an opinion's score follows from, but for the settings; each follows its `SignalNoted`.

    `among`: how many opinions were compared in the cycle. `readings`: what the market showed on
    the newest bar of the ranking, by name. The rest as in the ranking's own values, in rupees a
    unit, fractions and lots; None where unknown.
    """

    at: datetime
    signal_id: str
    kept: bool
    among: int
    confidence: float
    readings: tuple[tuple[str, float | None], ...]
    grades: tuple[Grade, ...]
    populations: tuple[Population, ...]
    risk: float
    reward: float
    costs_to_reward: float
    spread_fraction: float
    depth_in_lots: float
    volume_lots: float | None
    open_interest_lots: float | None
    segment: str
    event: str
    distance_from_vwap: float
    correlation: float
    correlated_with: str
