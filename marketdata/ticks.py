"""The tick record: one structured row per instrument and moment, the unit every feed delivers.

Decoding wire frames lives in the adapters; folding ticks into bars lives in `panel.py`.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

TICK = np.dtype(
    [
        ("token", "<i8"),
        ("exchange_at", "<i8"),
        ("last", "<f8"),
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("bid", "<f8"),
        ("ask", "<f8"),
        ("bid_quantity", "<i8"),
        ("ask_quantity", "<i8"),
        ("volume", "<i8"),
        ("oi", "<i8"),
    ]
)
"""Fields of a tick.

`exchange_at`: microseconds since the epoch (UTC) by the exchange's clock. Prices: float64 rupees.
`open`, `high`, `low`: the range traded since the instrument's previous tick; a plain tick repeats
`last` in all three, a bar told as one tick carries its whole range. `bid`, `ask`: best quote, NaN
where there is none (an index, a gap in the book). Quantities and `oi` in units; `volume` is the
day's total so far.
"""

Ticks: TypeAlias = NDArray[np.void]
"""An array of `TICK` rows, shape `(n,)`; a token may appear at most once per array."""


def words_of(ticks: Ticks) -> NDArray[np.int64]:
    """Return ticks as flat whole numbers, twelve words a tick, as compiled loops read them.

    The same memory where it is contiguous and may be written to, else a copy.
    """
    rows = np.ascontiguousarray(ticks, dtype=TICK)
    if not rows.flags.writeable:
        rows = rows.copy()  # the loops would be compiled once more for what is read-only
    return rows.view(np.int64)
