"""The volatility of days before in a run's set-up, from the file beside its tape.

How the file comes there is told by `marketdata/synthetic.py` for made days and by
`services/iv_days.py` for others.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from marketdata.options.iv_file import read_histories
from trading.engine.settings import EngineSetup


def with_iv_history(setup: EngineSetup, before: Path | None) -> EngineSetup:
    """Return the set-up with what stands in the folder of what came before the day.

    Itself where there is no folder or nothing in it. Raises `DataFileError`.
    """
    histories = read_histories(before)
    return replace(setup, iv_history=histories) if histories else setup
