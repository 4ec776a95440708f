"""What the tick screen refuses to be set to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marketdata.quality import ScreenedTokens, ScreenSettings

SETTINGS = ScreenSettings()
TOKENS = np.array([30, 10, 20], dtype=np.int64)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("most_jump", 0.0),
        ("most_jump", 1.0),
        ("most_gap", -0.1),
        ("agreeing", 0),
        ("most_ahead_us", -1),
    ],
)
def test_a_setting_out_of_range_is_named(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        replace(SETTINGS, **{field: value})


def test_tokens_must_be_distinct_and_complete() -> None:
    with pytest.raises(ValueError, match="one appears twice"):
        ScreenedTokens.plain(np.array([1, 1]))
    with pytest.raises(ValueError, match="expected one per token"):
        ScreenedTokens(TOKENS, np.zeros(2), np.zeros(3, dtype=np.bool_))
