"""Cutting a quantity into orders the exchange takes: whole lots, none above the freeze.

Where lots and freeze quantities come from is the instrument's business.
"""

from __future__ import annotations


def slices(quantity: int, lot_size: int, freeze_quantity: int | None) -> tuple[int, ...]:
    """Return the quantities of the orders, largest first; their sum is `quantity`.

    All in units. The largest order is the largest whole number of lots up to the freeze, equality
    allowed; without a freeze there is one order; 0 gives none. Raises `ValueError` where
    `quantity` is negative or no whole number of lots, or a single lot is above the freeze.
    """
    if lot_size < 1:
        raise ValueError(f"lot_size: {lot_size}, expected 1 or more")
    if quantity < 0 or quantity % lot_size:
        raise ValueError(f"quantity: {quantity}, expected whole lots of {lot_size}")
    if freeze_quantity is not None and freeze_quantity < lot_size:
        raise ValueError(f"freeze_quantity: {freeze_quantity} is under one lot of {lot_size}")
    if quantity == 0:
        return ()
    if freeze_quantity is None:
        return (quantity,)
    most = freeze_quantity // lot_size * lot_size
    whole, rest = divmod(quantity, most)
    return (most,) * whole + ((rest,) if rest else ())


def parts(quantity: int, lot_size: int, freeze_quantity: int | None) -> tuple[int, ...]:
    """Return the quantities of the orders that cover units held: whole lots, a part of one last.

    A part is held where a contract's lot is another one than is known; whether the exchange takes
    it, its answer tells. Whole lots are cut as by `slices`, and it raises as that.
    """
    rest = quantity % lot_size
    whole = slices(quantity - rest, lot_size, freeze_quantity)
    return (*whole, rest) if rest else whole
