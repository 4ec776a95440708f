"""Every function TA-Lib has, by name, against TA-Lib's own abstract interface."""

from __future__ import annotations

import numpy as np
import pytest
import talib
from talib import abstract

from marketdata.features.talib import TALib

ROWS = 150
WANTS_MORE_THAN_BARS = {"MAVP"}
FUNCTIONS = sorted(set(talib.get_functions()) - WANTS_MORE_THAN_BARS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_by_name_is_what_ta_lib_says(make_market, name):
    grid = make_market(2, rows=ROWS, columns=1, holes=False)
    feature = TALib(function=name, window=ROWS)

    ours = feature.run(grid)[:, :, 0]

    fields = ("open", "high", "low", "close", "volume")
    columns = {field: np.ascontiguousarray(getattr(grid, field)[:, 0]) for field in fields}
    said = abstract.Function(name)(columns)
    theirs = np.array(said if isinstance(said, list | tuple) else [said], dtype=np.float64)
    rows = slice(feature.warm_up, None)
    np.testing.assert_allclose(ours[:, rows], theirs[:, rows], rtol=1e-9, atol=1e-9)
    assert np.isnan(ours[:, : feature.warm_up]).all()
    assert len(feature.outputs) == len(theirs)


def test_all_but_those_that_want_more_than_bars_are_told():
    assert len(FUNCTIONS) > 150
    for name in WANTS_MORE_THAN_BARS:
        with pytest.raises(ValueError, match=f"function: {name} wants"):
            TALib(function=name, window=ROWS)
