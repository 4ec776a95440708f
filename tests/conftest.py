"""What every test may ask for, and how long a property may take: as long as the machine needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of recorded market data beside the project, or skip outside."""
    folder = ROOT.parent / "shared" / "data"
    if not (folder / "MANIFEST.csv").exists():
        pytest.skip("the recorded market data is not beside this project")
    return folder
