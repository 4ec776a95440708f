"""A column of a Parquet table as an array, without pandas: Arrow's own way there loads all of it.

Which columns a file of bars has, and what they mean, stands in `history.py`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from marketdata.bars import Floats


def floats(column: pa.ChunkedArray) -> Floats:
    """Return a column as float64, shape `(n,)`, not to be written to; a null is NaN."""
    chunk = column.cast(pa.float64()).combine_chunks()
    bitmap, memory = chunk.buffers()
    known = pa.Array.from_buffers(chunk.type, len(chunk), [None, memory], offset=chunk.offset)
    values = np.asarray(np.from_dlpack(known), np.float64)
    if not chunk.null_count:
        return values
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")
    is_known = bits[chunk.offset : chunk.offset + len(chunk)].astype(np.bool_)
    return np.where(is_known, values, np.nan)
