from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from marketdata.tape import TapeReader
from trading.config import Config
from trading.made_days import make_day
from trading.models import Run, RunMode
from trading.paper_day import session_setup


@pytest.mark.parametrize(("mode", "live"), [(RunMode.PAPER, False), (RunMode.LIVE, True)])
def test_a_run_is_handled_again_in_its_own_mode(tmp_path: Path, mode: RunMode, live: bool):
    built = make_day(1, date(2026, 10, 6), tmp_path, seconds_per_tick=60)
    run = Run(code="T1", mode=mode.value, banned=[])

    setup = session_setup(run, Config(), TapeReader(built.tape_path))

    assert setup.live is live
    assert setup.run_code == "T1"
