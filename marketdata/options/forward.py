"""The forward of an expiry, as its own options tell it by put-call parity.

The quotes come from `books.py`; what is made of the forward is `chain.py`'s.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from marketdata.options.books import Books
from marketdata.options.columns import CALL, PUT, ChainRules

Floats = NDArray[np.float64]


class Parity(NamedTuple):
    """The forward in rupees, NaN where nothing tells it, and how many pairs it comes from."""

    forward: float
    pairs: int


def parity_forward(strikes: Floats, books: Books, discount: float, rules: ChainRules) -> Parity:
    """Return the median of strike + (call - put) / discount over the whole pairs near the money.

    A pair is whole where call and put have mids. Near: up to `rules.near` whole pairs on each
    side of the one whose call and put differ least. The median is untouched by single bad books.
    """
    apart = books.mid[:, CALL] - books.mid[:, PUT]
    whole = np.flatnonzero(~np.isnan(apart))
    if len(whole) < rules.least_pairs:
        return Parity(float("nan"), len(whole))
    centre = int(np.argmin(np.abs(apart[whole])))
    near = whole[max(0, centre - rules.near) : centre + rules.near + 1]
    return Parity(float(np.median(strikes[near] + apart[near] / discount)), len(near))
