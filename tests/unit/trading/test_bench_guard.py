from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from trading.bench_bars import sessions, write_bars
from trading.bench_contest import Case, Contestant, NotTheSameError, contest
from trading.bench_guard import RECORDED, GuardFileError, Measured, read_recorded

TRADE = ["SYM000", 1, 1735789500, 100.0, 1735789560, 101.0]


def test_the_recorded_ratios_can_be_read():
    recorded = read_recorded(RECORDED)

    assert set(recorded.ratios) == {"screen", "desk"}
    assert recorded.case.rounds >= 3


@pytest.mark.parametrize(("now", "passes"), [(10.0, True), (8.5, True), (8.4, False), (0.0, False)])
def test_less_than_the_least_share_of_what_was_recorded_does_not_pass(now, passes):
    assert Measured("screen", now, recorded=10.0, least=0.85).passes is passes


GOOD = "least_share = 0.8\n[case]\ninstruments = 1\ndays = 1\nrounds = 1\n[ratio]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("least_share = 0.8", "case"),
        (GOOD, "expected screen and desk"),
        (GOOD + "screen = 1.0\ndesk = 'fast'", "fast"),
        (GOOD.replace("0.8", "1.8") + "screen = 1.0\ndesk = 1.0", "least_share 1.8"),
        ("least_share = ", "Invalid value"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_key(tmp_path, text, told):
    path = tmp_path / "guard.toml"
    path.write_text(text)

    with pytest.raises(GuardFileError, match=told):
        read_recorded(path)


def contestant(tmp_path: Path, name: str, trades: list, *, gaps: bool = False) -> Contestant:
    """Return a process that says it made `trades` in no time."""
    script = tmp_path / f"{name}.py"
    script.write_text(
        "import json, sys\n"
        f"open(sys.argv[2], 'w').write({json.dumps(json.dumps(trades))})\n"
        "print(json.dumps({'cpu': [9.0, 2.0], 'wall': [9.0, 3.0], 'peak_mib': 5.0}))\n"
    )
    return Contestant(name, (sys.executable, str(script)), 2, gaps_at_limit=gaps)


def test_the_first_of_several_runs_is_a_warm_up(tmp_path):
    told = contest(Case(1, 1, 1), [contestant(tmp_path, "a", [TRADE])])

    assert (told["a"][0].cpu, told["a"][0].wall) == (2.0, 3.0)


@pytest.mark.parametrize("other", [[], [[*TRADE[:5], 101.5]], [[*TRADE[:3], 99.0, *TRADE[4:]]]])
def test_other_trades_are_told_before_any_time(tmp_path, other):
    entered = [contestant(tmp_path, "a", [TRADE]), contestant(tmp_path, "b", other)]

    with pytest.raises(NotTheSameError, match="b: "):
        contest(Case(1, 1, 1), entered)


def test_a_target_gapped_through_may_be_filled_at_its_limit_by_who_does_so(tmp_path):
    arrays = write_bars(tmp_path, 1, 1)
    with np.load(arrays) as file:
        start, opens = file["start"].tolist(), file["open"][:, 0].tolist()
    gapped = ["SYM000", 1, start[3], opens[3], start[9], opens[9]]
    at_limit = [*gapped[:5], opens[9] - 0.05]
    beyond = [*gapped[:5], opens[9] + 0.05]

    contest(
        Case(1, 1, 1),
        [contestant(tmp_path, "a", [gapped]), contestant(tmp_path, "b", [at_limit], gaps=True)],
    )

    for other, gaps in ((at_limit, False), (beyond, True)):
        entered = [
            contestant(tmp_path, "a", [gapped]),
            contestant(tmp_path, "b", [other], gaps=gaps),
        ]
        with pytest.raises(NotTheSameError):
            contest(Case(1, 1, 1), entered)


def test_made_sessions_are_whole_and_rise():
    days = sessions(30)

    assert len(set(days)) == 30
    assert list(days) == sorted(days)
