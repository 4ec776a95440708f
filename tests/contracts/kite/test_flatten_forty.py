"""The kill switch over sockets: forty legs, some in slices, two half filled, within the limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading.bench_flatten import flatten_once
from trading.bench_flatten_market import SHARES
from trading.bootstrap_kite import ORDER_PATIENCE


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_forty_legs_are_flat_at_the_broker_and_nothing_is_left_or_sent_twice(
    tmp_path: Path,
) -> None:
    came = flatten_once(tmp_path, ORDER_PATIENCE)

    assert came.positions == SHARES + 2
    assert came.partly == 2
    assert came.wished > came.positions
    assert came.left == ()
    assert came.refused == ()
    assert came.twice == ()
