"""What the score of each ranked opinion follows from. The opinion itself stands in `signal.py`."""

from __future__ import annotations

from django.db import models

from trading.models.base import RunRow


class Ranking(RunRow):
    """One opinion's place in its cycle, and everything to work its score out again.

    `readings` holds [name, value] pairs of the newest bar; `grades` what they are worth to either
    side; `populations` what was compared with; `measures` the rest, by name. The settings are
    those of the signal's configuration.
    """

    signal = models.OneToOneField(
        "trading.Signal", models.PROTECT, primary_key=True, related_name="ranking"
    )
    kept = models.BooleanField()
    among = models.PositiveIntegerField()
    measures = models.JSONField()
    readings = models.JSONField()
    grades = models.JSONField()
    populations = models.JSONField()

    class Meta:
        ordering = ["run_id", "seq"]

    def __str__(self) -> str:
        return f"{self.signal_id}: ranked among {self.among}"
