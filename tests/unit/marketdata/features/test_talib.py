from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.talib import TALib

SOME = (
    TALib(function="CCI", window=20, arguments=(("timeperiod", 20.0),)),
    TALib(function="MACD", window=120),
    TALib(function="STOCH", window=40),
    TALib(function="CDLENGULFING", window=30),
    TALib(function="MFI", window=60),
    TALib(function="ULTOSC", window=60),
)
EACH = pytest.mark.parametrize("feature", SOME, ids=lambda f: f.function)


@EACH
def test_a_run_is_the_steps_to_the_last_bit(make_market, feature):
    grid = make_market(1, rows=150, columns=4, holes=True)
    state = feature.new_state(4)

    steps = np.stack([feature.step(state, grid.row(t)) for t in range(150)], axis=1)

    assert feature.run(grid).tobytes() == steps.tobytes()
    assert np.isfinite(steps).any()


@EACH
def test_a_window_that_holds_everything_gives_what_ta_lib_gives(make_market, by_column, feature):
    grid = make_market(2, rows=100, columns=3, holes=False)
    whole = TALib(function=feature.function, window=100, arguments=feature.arguments)

    ours = whole.run(grid)

    names = {"CDLENGULFING": ("open", "high", "low", "close"), "MACD": ("close",)}
    names["ULTOSC"] = names["CCI"] = names["STOCH"] = ("high", "low", "close")
    names["MFI"] = ("high", "low", "close", "volume")
    columns = [getattr(grid, name) for name in names[feature.function]]
    for place in range(len(feature.outputs)):

        def theirs(*arrays, place=place):
            out = getattr(talib, feature.function)(*arrays, **dict(feature.arguments))
            return out[place] if isinstance(out, list | tuple) else out

        expected = by_column(theirs, *columns)
        rows = slice(feature.warm_up, None)
        np.testing.assert_allclose(ours[place][rows], expected[rows], rtol=1e-9, atol=1e-9)
        assert np.isnan(ours[place][: feature.warm_up]).all()


def test_the_value_does_not_depend_on_when_the_column_began(make_market):
    grid = make_market(3, rows=150, columns=2, holes=False)
    feature = TALib(function="RSI", window=50, arguments=(("timeperiod", 14.0),))
    late = feature.new_state(2)
    for t in range(60, 150):
        last = feature.step(late, grid.row(t))

    assert last.tobytes() == feature.run(grid)[:, -1].copy().tobytes()


def test_outputs_have_ta_libs_names():
    assert TALib(function="MACD", window=120).outputs == ("macd", "macdsignal", "macdhist")


def test_equal_parameters_make_equal_features():
    assert TALib(function="CCI", window=20) == TALib(function="CCI", window=20)
    assert hash(TALib(function="CCI", window=20)) == hash(TALib(function="CCI", window=20))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"function": "NONSENSE"}, "function: TA-Lib has no 'NONSENSE'"),
        ({"function": "MAVP"}, "function: MAVP wants"),
        ({"window": 13}, "window: 13, expected more than 13 bars"),
        ({"arguments": (("period", 3.0),)}, "arguments: the function has no 'period'"),
    ],
)
def test_wrong_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        TALib(**{"function": "CCI", "window": 50, **wrong})
