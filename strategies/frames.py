"""How bars and the outputs of features become the frame a strategy looks at.

Computing the features lives in `marketdata/features`; looking at them in the strategies.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType

import numpy as np

from marketdata.bars import BarGrid, BarRow, Floats
from marketdata.features.base import Feature
from strategies.base import Frame, Reading

Outputs = Mapping[Feature, Mapping[str, Floats]]


Context = Mapping[str, Floats]

NO_CONTEXT: Context = MappingProxyType({})
"""Nothing is known besides the bars."""


def live_frame(
    features: Mapping[str, Feature], bar: BarRow, outputs: Outputs, context: Context = NO_CONTEXT
) -> Frame:
    """Return the frame of the bar that has just closed; arrays have shape `(N,)`.

    `features`: what a strategy declares. `context`: readings besides the bars, shape `(N,)`.
    Raises `ValueError` for a feature missing from `outputs`.
    """
    return Frame(
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
        minute=np.array(bar.minute, dtype=np.int64),
        features=_readings(features, outputs),
        context=context,
    )


def batch_frame(
    features: Mapping[str, Feature], grid: BarGrid, outputs: Outputs, context: Context = NO_CONTEXT
) -> Frame:
    """Return the frame of a whole history; arrays have shape `(T, N)`, `minute` `(T, 1)`.

    Row t holds what `live_frame` holds at bar t, with a `context` of shape `(T, N)`. Raises as
    `live_frame`.
    """
    return Frame(
        open=grid.open,
        high=grid.high,
        low=grid.low,
        close=grid.close,
        volume=grid.volume,
        minute=grid.minute[:, np.newaxis],
        features=_readings(features, outputs),
        context=context,
    )


def closed_at(bar: BarRow, zone: tzinfo) -> datetime:
    """Return the moment the bar closed, told in `zone`."""
    return datetime.fromtimestamp(bar.start + bar.timeframe.seconds, UTC).astimezone(zone)


def _readings(features: Mapping[str, Feature], outputs: Outputs) -> dict[str, Reading]:
    try:
        return {name: Reading(outputs[feature]) for name, feature in features.items()}
    except KeyError:
        missing = [name for name, feature in features.items() if feature not in outputs]
        told = f"no values for {', '.join(missing)}, expected every feature"
        raise ValueError(f"outputs: {told}") from None
