"""How far each run's journal has become rows. The recorder moves it with the rows it wrote."""

from __future__ import annotations

from django.db import models


class RecorderPosition(models.Model):
    """The last projected record and the byte behind it; moved in the rows' own transaction.

    `fencing_token` is the lease under which the records from here on were written.
    """

    run = models.OneToOneField(
        "trading.Run", models.PROTECT, primary_key=True, related_name="recorder_position"
    )
    seq = models.PositiveBigIntegerField(default=0)
    offset = models.PositiveBigIntegerField(default=0)
    fencing_token = models.PositiveBigIntegerField(default=0)
    ended = models.BooleanField(default=False)
    moved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.run_id} at {self.seq}"
