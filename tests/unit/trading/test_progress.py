"""How far a command has come, on a terminal and in a log."""

from __future__ import annotations

from io import StringIO
from itertools import count

import pytest

from trading.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_bar_that_grows() -> None:
    stream = Terminal()
    progress = Progress(stream, 4, count(step=10).__next__)

    for name in ("NIFTY", "BANKNIFTY"):
        progress.step(name)
    progress.end()

    last = stream.getvalue().split("\r\x1b[K")[-1]
    assert last == "[###############...............] 2/4  50%, 0:20 left, BANKNIFTY\n"


def test_a_log_gets_a_line_now_and_then_and_the_last_one() -> None:
    stream = StringIO()
    progress = Progress(stream, 45, count().__next__)

    for _ in range(45):
        progress.step("TCS")
    progress.end()

    lines = stream.getvalue().splitlines()
    assert len(lines) == 23
    assert "2/45" in lines[0]
    assert "45/45 100%, 0:00 left" in lines[-1]


@pytest.mark.parametrize("stream", [StringIO(), Terminal()])
def test_where_nothing_is_to_be_done_nothing_is_shown(stream: StringIO) -> None:
    Progress(stream, 0).end()

    assert not stream.getvalue()
