"""A desk that asked for margin dies at every point: what it was told is recalled, not asked again.

Between the question, its answer, the intent that follows and the order that leaves.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.unit.trading.engine.surroundings import frames
from tests.unit.trading.engine.test_live_runner import (
    START,
    STOPPED_OUT,
    PlugPulledError,
    World,
    live_once,
)
from trading.journal import Record, read_records


def world(**deaths: int) -> World:
    return World(frames(START, 120, STOPPED_OUT), asks_margin=True, **deaths)


def told(path: Path, *kinds: str) -> list[Record]:
    return [record for record in read_records(path) if record.kind in kinds]


async def died_and_back(world: World, path: Path) -> list[Record]:
    """Live until the death that is due, and once more to the end; return what stood at death."""
    with pytest.raises(PlugPulledError):
        await live_once(world, path)
    before = list(read_records(path))

    await live_once(world, path)

    assert list(read_records(path))[: len(before)] == before
    return before


async def assert_well(world: World, path: Path) -> None:
    """Check that each order was sent once, each question told about once, and all is flat."""
    assert max(world.placed.values(), default=1) == 1
    answers = Counter(record.body["code"] for record in told(path, "MarginTold"))
    assert max(answers.values(), default=1) == 1
    assert answers.keys() <= {record.body["code"] for record in told(path, "AskMargin")}
    book = await world.book()
    assert book.net_quantity == ()
    assert not [order for order in book.orders if not order.state.is_final]


async def whole(path: Path) -> list[Record]:
    """Return the records of a day on which nobody dies."""
    untouched = world()
    await live_once(untouched, path)
    await assert_well(untouched, path)
    assert untouched.placed
    return list(read_records(path))


async def test_wherever_a_record_is_not_written_any_more_the_next_life_goes_on(tmp_path: Path):
    records = await whole(tmp_path / "whole")
    (asked, *_) = [r.seq for r in records if r.kind == "AskMargin"]
    said = [r.seq for r in records if r.kind == "BrokerSaid"]
    kinds = {r.kind for r in records[asked - 1 : said[2]]}
    assert {"AskMargin", "MarginTold", "DecisionNoted", "PlaceOrder", "BrokerSaid"} <= kinds

    for number in range(asked - 2, said[2] + 2):
        mortal, path = world(dies_at_record=number), tmp_path / f"{number}"

        await died_and_back(mortal, path)

        await assert_well(mortal, path)


@pytest.mark.parametrize("where", ["dies_before", "dies_after"])
@pytest.mark.parametrize("call", [1, 2, 3])
async def test_dying_at_the_question_or_at_what_follows_it_doubles_nothing(
    where: str, call: int, tmp_path: Path
):
    mortal, path = world(**{where: call}), tmp_path / "j"

    await died_and_back(mortal, path)

    await assert_well(mortal, path)


async def test_an_answer_that_was_written_is_the_answer_of_the_next_life(tmp_path: Path):
    mortal, path = world(dies_before=2), tmp_path / "j"

    before = await died_and_back(mortal, path)

    assert "MarginTold" in {record.kind for record in before}
    after = told(path, "AskMargin", "MarginTold")
    assert [r for r in before if r.kind in ("AskMargin", "MarginTold")] == after[:2]
    assert len({r.body["code"] for r in after if r.kind == "AskMargin"}) == len(after) // 2
