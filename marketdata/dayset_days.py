"""The recorded days the desk is tried on, as data: which files their prices stand in.

Building one is the work of `dayset.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DaySpec:
    """One recorded day: the files its prices stand in, below the folder of recordings.

    `bars`: files of one-minute bars; `ticks`: a file of raw ticks, used in place of the bars for
    the symbols it has, or empty. `dump`: the instrument list that names the symbols. `left_out`:
    symbols of the files that are not told. `chain`: a file of snapshots of option chains, or empty;
    `derivatives`: the instrument list that names its options.
    """

    date: date
    bars: tuple[str, ...]
    dump: str
    ticks: str = ""
    left_out: tuple[str, ...] = ()
    chain: str = ""
    derivatives: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Return every file the day needs."""
        named = (*self.bars, self.ticks, self.dump, self.chain, self.derivatives)
        return tuple(name for name in named if name)


_DUMP = "instruments/kite_nse_2020-12-05.csv.gz"
_2021 = (
    "bars_1m/index_2021-04_2021-05.csv.gz",
    "bars_1m/stocks_2021-04-05_2021-05-14_from_ticks.csv.gz",
)
_2021_TICKS = "ticks/alice_1s_2021-04-28_2021-04-30.csv.gz"
_2023 = ("bars_1m/banks_vix_2023-04-03_2023-05-12.csv.gz",)
_2026 = ("bars_1m/nifty_2026-07-28_2026-08-21.csv.gz",)

RECORDED_DAYS = (
    DaySpec(date(2021, 4, 26), _2021, _DUMP),
    DaySpec(date(2021, 4, 27), _2021, _DUMP),
    DaySpec(date(2021, 4, 28), _2021, _DUMP, ticks=_2021_TICKS),
    DaySpec(date(2021, 4, 30), _2021, _DUMP, ticks=_2021_TICKS),
    DaySpec(date(2021, 5, 5), _2021, _DUMP),
    DaySpec(date(2021, 5, 6), _2021, _DUMP),
    DaySpec(date(2023, 4, 20), _2023, _DUMP, left_out=("INDIAVIX",)),
    DaySpec(date(2026, 8, 12), _2026, _DUMP),
    DaySpec(
        date(2026, 8, 18),
        _2026,
        _DUMP,
        chain="chain/nifty_2026-08-18_expiry.csv.gz",
        derivatives="instruments/kite_nfo_bfo_2026-08-18.csv.gz",
    ),
)
"""Minute bars and raw ticks, whole recordings and ones with holes, under three sets of rules; the
last one with an option chain, on an expiry day."""
