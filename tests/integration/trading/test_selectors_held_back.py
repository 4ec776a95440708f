"""Reasons against opinions, counted from rows of the recorder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.integration.trading.journal_day import Line, whole_day, written
from trading.engine import actions
from trading.models import Run, Signal
from trading.recorder import Recorder
from trading.selectors_held_back import HeldBack, held_back
from trading.services.day_report import figures

pytestmark = pytest.mark.django_db

UNKNOWN = "IRON_CONDOR: iv_percentile of NIFTY 50 is not known: too few days: {}, expected 60"
TIGHT = "spread of NIFTY26O13{}CE is 0.0{}, expected at most 0.005"


def lived(run: Run, *fallen: tuple[str, str]) -> None:
    """Record a day on which opinions of strategies also fell for these reasons."""
    *day, ended = whole_day(trades=1)
    one = next(line.body for line in day if isinstance(line.body, actions.SignalNoted))
    lines = [
        Line(
            "SignalNoted",
            replace(
                one,
                at=one.at + timedelta(minutes=place),
                signal_id=f"F{place}",
                strategy=strategy,
                why_not=why,
            ),
        )
        for place, (strategy, why) in enumerate(fallen)
    ]
    written(Path(run.journal_path), [*day, *lines, ended])
    Recorder(run).catch_up()


def test_the_same_reason_with_other_numbers_is_counted_together(run: Run):
    lived(
        run,
        ("iron_condor", UNKNOWN.format(12)),
        ("calendar", TIGHT.format(24_500, 8)),
        ("calendar", TIGHT.format(24_550, 91)),
        ("calendar", TIGHT.format(24_600, 72)),
        ("iron_condor", UNKNOWN.format(13)),
    )

    found = [each for each in held_back(run) if each.strategy in ("iron_condor", "calendar")]

    assert found == [
        HeldBack("calendar", TIGHT.format(24_600, 72), 3),
        HeldBack("iron_condor", UNKNOWN.format(13), 2),
    ]


def test_every_opinion_that_fell_is_counted_once_and_no_other(run: Run):
    lived(run, ("iron_condor", UNKNOWN.format(12)), ("short_strangle", UNKNOWN.format(12)))

    counted = sum(each.times for each in held_back(run))

    assert counted == Signal.objects.filter(run=run).exclude(why_not="").count()
    assert counted < Signal.objects.filter(run=run).count()


def test_the_report_of_a_day_tells_them(run: Run):
    lived(run, ("iron_condor", UNKNOWN.format(12)))

    told = {each["strategy"]: each for each in figures(run)["held_back"]}

    assert told["iron_condor"] == {
        "strategy": "iron_condor",
        "reason": UNKNOWN.format(12),
        "times": 1,
    }
