"""What strategies are told beside the bars in a scan: each its own, of the moment of its bar."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np

from risk.event_rules import EventEffects, EventWindow
from strategies.base import Frame
from strategies.context import DAYS_TO_EXPIRY, MINUTES_TO_EVENT
from strategies.signals import Signals
from tests.unit.trading.engine.builders import Scripted, at, setup
from trading.engine.scan import Scan, new_panel
from trading.engine.settings import EngineSetup

EVENT = EventWindow("RBI", "policy", "", at(10, 0), at(10, 30), EventEffects(True, True, 1.0))


@dataclass(frozen=True, slots=True)
class Curious(Scripted):
    """Writes down what it is told beside the bars, and says nothing."""

    name: ClassVar[str] = "curious"
    context: ClassVar[tuple[str, ...]] = (MINUTES_TO_EVENT,)
    told: list[dict[str, list[float]]] = field(default_factory=list)

    def signals(self, frame: Frame) -> Signals:
        self.told.append({name: values.tolist() for name, values in frame.context.items()})
        return Scripted.signals(self, frame)


class MoreCurious(Curious):
    """Wants one reading more."""

    __slots__ = ()
    name: ClassVar[str] = "more_curious"
    context: ClassVar[tuple[str, ...]] = (DAYS_TO_EXPIRY, MINUTES_TO_EVENT)


def looked(told: EngineSetup, *moments: datetime) -> None:
    """Let the strategies see the bars that close at some moments."""
    panel = new_panel(told)
    scan = Scan(told, panel)
    for moment in moments:
        rows = panel.close_bars(int(moment.timestamp()))
        scan.take(rows)
        scan.look(moment, rows)


def test_each_is_told_what_it_wants_and_nothing_else() -> None:
    plain, curious, more = Scripted(), Curious(), MoreCurious()
    told = setup(strategies=(plain, curious, more), event_windows=(EVENT,))

    looked(told, at(9, 16))

    width = told.universe.studied
    assert curious.told == [{MINUTES_TO_EVENT: [44.0] * width}]
    assert list(more.told[0]) == [DAYS_TO_EXPIRY, MINUTES_TO_EVENT]
    assert more.told[0][MINUTES_TO_EVENT] == [44.0] * width
    assert np.isnan(more.told[0][DAYS_TO_EXPIRY]).all()


def test_each_bar_is_told_of_its_own_moment() -> None:
    curious = Curious()
    told = setup(strategies=(curious,), event_windows=(EVENT,))

    looked(told, *(at(9, 16) + timedelta(minutes=n) for n in range(3)))

    assert [each[MINUTES_TO_EVENT][0] for each in curious.told] == [44.0, 43.0, 42.0]
