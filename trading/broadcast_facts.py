"""What the live state of a run rests on besides its journal: instruments, limits, capital.

What happens afterwards is folded in `broadcast_state.py`; the run's row is read in
`broadcast_run.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from marketdata.instruments import Instrument
from marketdata.options.iv_history import IvHistories, IvSettings
from marketdata.quality import ScreenSettings
from risk.limits import RiskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFacts:
    """One run as it stood before its first record.

    `capital` in rupees. `instruments` and `previous_close` (rupees by token) are empty for a run
    without a tape: nothing is then known of prices. `opens_at_s`: epoch seconds. `iv_history`:
    volatility of days before, of which `iv_settings` says how much counts.
    """

    account: str
    run: str
    date: date
    mode: str
    source: str
    state: str
    capital: Decimal
    limits: RiskLimits
    screen: ScreenSettings
    instruments: tuple[Instrument, ...] = ()
    previous_close: Mapping[int, float]
    opens_at_s: int = 0
    iv_history: IvHistories = field(default_factory=dict)
    iv_settings: IvSettings = field(default_factory=IvSettings)
