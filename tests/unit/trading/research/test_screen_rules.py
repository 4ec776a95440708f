from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.instruments import Exchange, Instrument, Kind, PriceDirection
from strategies.base import Repeat
from strategies.opinions import allow_batch
from trading.config import ConfigError
from trading.research.screen_grid import sets_of
from trading.research.screen_kernels import may_speak, not_against, on_paisa

SHARE = Instrument(1, Exchange.NSE, "A", "A", Kind.EQUITY, 1, Decimal("0.01"))


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    once=st.booleans(),
    gap=st.sampled_from([0, 1, 5, 60]),
    rate=st.floats(0, 1),
)
def test_who_may_speak_is_what_the_live_memory_allows(seed, once, gap, rate):
    chance = np.random.default_rng(seed)
    side = np.where(chance.random((60, 3)) < rate, chance.choice([-1, 1], (60, 3)), 0).astype(
        np.int8
    )
    session = np.repeat([10, 11, 12], 20)
    start = 60 * np.arange(60) + 86_400 * session

    column, row = np.nonzero(side.T)
    allowed = may_speak(
        column, session[row], start[row], side[row, column].astype(np.int64), 60 * gap, once
    )

    expected = allow_batch(Repeat(once, gap), side, session, start)
    spread = np.zeros_like(side)
    spread[row[allowed], column[allowed]] = side[row[allowed], column[allowed]]
    assert np.array_equal(spread, expected)


def test_an_entry_against_an_open_position_is_refused_until_its_bar_is_over():
    column = np.zeros(4, dtype=np.int64)
    session = np.array([1, 1, 1, 2])
    signal_at = np.array([60, 120, 180, 240])
    side = np.array([1, -1, -1, -1])
    left_in = np.array([120, 900, 900, 900])

    kept = not_against(column, session, signal_at, side, left_in)

    assert kept.tolist() == [True, False, True, True]


def test_positions_of_the_day_before_and_of_other_columns_stand_in_nobodys_way():
    kept = not_against(
        np.array([0, 0, 1]),
        np.array([1, 2, 2]),
        np.array([60, 120, 120]),
        np.array([1, -1, 1]),
        np.array([900, 900, 900]),
    )

    assert kept.all()


PRICES = st.one_of(
    st.floats(0.001, 1e6),
    st.integers(1, 10**8).map(lambda cents: cents / 100),
    st.integers(1, 10**8).map(lambda cents: float(np.nextafter(cents / 100, 0))),
    st.integers(1, 10**8).map(lambda cents: float(np.nextafter(cents / 100, 1e9))),
)


@settings(max_examples=500, deadline=None)
@given(price=PRICES, way=st.sampled_from([-1, 1]))
def test_levels_move_to_the_paisa_as_orders_do(price, way):
    direction = PriceDirection.UP if way > 0 else PriceDirection.DOWN

    moved = on_paisa(np.array([price]), np.array([way]))

    assert moved[0] == float(SHARE.on_grid(price, direction))


def test_a_grid_is_every_combination_the_last_key_changing_fastest():
    sets = sets_of("opening_range", ["range_minutes=5,15", "once_a_side_a_day=true,false"])

    assert [tuple(one.values()) for one in sets] == [
        (5, True),
        (5, False),
        (15, True),
        (15, False),
    ]


def test_no_grid_is_the_one_set_as_given():
    assert sets_of("opening_range", []) == ({},)


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        (["range_minutes"], "range_minutes: expected key=value"),
        (["range_minutes="], "expected key=value"),
        (["wide=1"], "wide: no parameter of opening_range"),
        (["range_minutes=1", "range_minutes=2"], "range_minutes: given twice"),
        (
            [
                f"{key}={','.join(map(str, range(60)))}"
                for key in ("range_minutes", "gap_minutes", "volume_bars")
            ],
            "216,000 parameter sets",
        ),
    ],
)
def test_a_grid_that_cannot_be_read_is_refused_by_name(grid, told):
    with pytest.raises(ConfigError, match=told):
        sets_of("opening_range", grid)
