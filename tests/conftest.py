"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of recorded market data beside the project, or skip outside."""
    folder = ROOT.parent / "shared" / "data"
    if not (folder / "MANIFEST.csv").exists():
        pytest.skip("the recorded market data is not beside this project")
    return folder
