"""`explain` on a day that was really traded: every stored score again, to the last bit."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from marketdata.built_day import BuiltDay
from marketdata.tape import TapeReader
from tests.made_day import made_day
from trading.config import Config
from trading.explanation import explained
from trading.models import Decision, Ranking, Run, Signal
from trading.paper_day import open_run
from trading.recorder import Recorder
from trading.services.seed import seed
from trading.worker import trade

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("explained"))


@pytest.fixture
def run(built: BuiltDay, tmp_path: Path, transactional_db: None) -> Run:
    """Return a run whose whole day was traded and is rows."""
    account = seed(by="tests").account
    opened = open_run(account, Config(), TapeReader(built.tape_path), "made", tmp_path)
    trade(opened.code, tempo=None, show=lambda *_: None)
    found = Run.objects.get(pk=opened.pk)
    Recorder(found).catch_up()
    return found


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("explain", *arguments, stdout=out)
    return out.getvalue()


def changed(row: Signal | Ranking, field: str, value: object) -> None:
    type(row).objects.filter(pk=row.pk).update(**{field: value})


def test_every_score_of_a_day_comes_out_again_to_the_last_bit(run: Run):
    ranked = Signal.objects.filter(run=run, rank__gt=0)

    told = {signal.code: explained(signal) for signal in Signal.objects.filter(run=run)}

    assert ranked.count() == Ranking.objects.filter(run=run).count() > 10
    assert {code: each.differences for code, each in told.items() if each.differences} == {}
    compared = [
        row
        for each in Ranking.objects.filter(run=run)
        for row in each.populations
        if row["compared"]
    ]
    assert compared
    for each in told.values():
        again = each.document["worked_out_again"]
        if again is not None:
            assert json.dumps(again["score"]) == json.dumps(each.document["stored"]["score"])


def test_every_opinion_that_was_not_traded_says_why(run: Run):
    traded = set(
        Decision.objects.filter(run=run, approved=True).values_list("signal_id", flat=True)
    )
    assert traded

    for signal in Signal.objects.filter(run=run):
        lines = explained(signal).lines
        if signal.pk in traded:
            assert any(line.startswith("approved (") for line in lines)
        else:
            assert any(line.startswith("not traded: ") for line in lines)
    refused = Decision.objects.filter(run=run, approved=False).first()
    assert refused is not None
    text = "\n".join(explained(refused.signal).lines)
    assert all(f"  {rule}: measured " in text for rule in refused.refusals)


def test_the_command_prints_the_text_and_all_inputs(run: Run):
    ranking = Ranking.objects.filter(run=run).earliest("seq")
    signal = ranking.signal

    text = printed(signal.code)
    document = json.loads(printed(str(signal.pk), "--json"))

    assert text.splitlines() == list(explained(signal).lines) == document["explanation"]
    assert document["differences"] == []
    assert document["inputs"]["readings"] == dict(ranking.readings)
    assert document["settings"]["weights"]["momentum"] == 0.25
    assert document["worked_out_again"]["contributions"] == signal.contributions
    with pytest.raises(CommandError, match="unknown, expected a signal's code or id") as failure:
        printed("no-such-signal")
    assert failure.value.returncode == 2


def test_a_stored_number_that_is_another_is_named(run: Run):
    for ranking in Ranking.objects.filter(run=run).select_related("signal").order_by("seq"):
        if ranking.readings and ranking.populations[0]["compared"]:
            break
    signal, untouched = ranking.signal, ranking.measures
    assert signal.score is not None

    changed(signal, "score", signal.score + 2**-50)
    with pytest.raises(CommandError, match=r"something else in: score$") as failure:
        printed(signal.code)
    assert failure.value.returncode == 1
    changed(signal, "score", signal.score)

    grades = [{**row, "long": 0.123} if not at else row for at, row in enumerate(ranking.grades)]
    changed(ranking, "grades", grades)
    with pytest.raises(CommandError, match=r"in: grades\.momentum\.long$"):
        printed(signal.code)
    changed(ranking, "grades", ranking.grades)

    changed(ranking, "measures", {**untouched, "costs_to_reward": 0.5})
    with pytest.raises(CommandError, match=r"in: contributions\.rr\.raw, .*score$"):
        printed(signal.code)
    changed(ranking, "measures", {**untouched, "event": "Budget"})
    with pytest.raises(CommandError, match=r"in: penalties, score$"):
        printed(signal.code)
    changed(ranking, "measures", untouched)

    for field, stored in _other_shapes(ranking).items():
        changed(ranking, field, stored)
        with pytest.raises(CommandError, match=rf"in: {field}: stored .*, expected "):
            printed(signal.code)
        text = "\n".join(explained(signal).lines)
        assert f"rank {signal.rank} of {ranking.among} compared" in text
        changed(ranking, field, getattr(ranking, field))

    assert "the same to the last bit" in printed(signal.code)
    Ranking.objects.filter(pk=ranking.pk).delete()
    with pytest.raises(CommandError, match=r"in: ranking$"):
        printed(signal.code)


def _other_shapes(ranking: Ranking) -> dict[str, object]:
    """Return each of the inputs as a ranking of other features would have stored it."""
    return {
        "grades": ranking.grades[1:],
        "populations": [*ranking.populations, ranking.populations[0]],
        "readings": [["novelty", 1.0], *ranking.readings],
        "measures": {**ranking.measures, "novelty": 1.0},
    }
