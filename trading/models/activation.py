"""Which configuration version holds from when. The versions themselves stand in their own file."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Activation(models.Model):
    """A span in which one version of a kind held; `active_until` is empty for the present one."""

    kind = models.CharField(max_length=30)
    version = models.ForeignKey("trading.ConfigVersion", models.PROTECT, related_name="activations")
    active_from = models.DateTimeField()
    active_until = models.DateTimeField(null=True, blank=True)
    author = models.CharField(max_length=150)

    class Meta:
        ordering = ["-active_from", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(active_until__isnull=True),
                name="activation_one_active",
            ),
            models.CheckConstraint(
                condition=Q(active_until__isnull=True) | Q(active_until__gte=F("active_from")),
                name="activation_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} from {self.active_from}"
