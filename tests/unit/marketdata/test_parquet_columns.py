"""Columns as arrays: what a null is, and what a slice keeps."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from marketdata.parquet_columns import floats

WITH_GAPS = pa.array([1, None, 3, None, 5])


def test_numbers_of_several_chunks_are_one_array():
    column = pa.chunked_array([pa.array([1.5, 2.5]), pa.array([3.5])])

    assert floats(column).tolist() == [1.5, 2.5, 3.5]


@pytest.mark.parametrize("start", range(5))
def test_a_null_is_nan_in_a_whole_column_and_in_a_slice(start):
    column = pa.chunked_array([WITH_GAPS.slice(start)])

    np.testing.assert_array_equal(floats(column), [1, np.nan, 3, np.nan, 5][start:])


def test_nulls_of_several_chunks_stay_in_place():
    column = pa.chunked_array([WITH_GAPS, WITH_GAPS.slice(1)])

    np.testing.assert_array_equal(floats(column), [1, np.nan, 3, np.nan, 5, np.nan, 3, np.nan, 5])


def test_a_column_without_rows_is_empty():
    assert floats(pa.chunked_array([], pa.int64())).shape == (0,)
