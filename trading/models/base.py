"""What rows are made of: money columns, closed sets, the columns a projected row starts with.

No table of its own lives here; each noun has its file beside this one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import Q


def choices_of(closed_set: type[StrEnum]) -> list[tuple[str, str]]:
    """Return a domain enum as Django choices, in its own order."""
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in closed_set]


def one_of(field: str, closed_set: type[StrEnum]) -> Q:
    """Return the condition that `field` holds a value of the enum; for check constraints."""
    return Q(**{f"{field}__in": [member.value for member in closed_set]})


def money(**options: Any) -> models.DecimalField[Any, Any]:
    """Return a rupee column: NUMERIC(20,6), Decimal on the Python side."""
    return models.DecimalField(max_digits=20, decimal_places=6, **options)


class RunRow(models.Model):
    """A row the recorder made from a journal: whose, which run, which record, when.

    `seq` is the number of the journal record that wrote the row last.
    """

    account = models.ForeignKey("trading.Account", models.PROTECT, related_name="+")
    run = models.ForeignKey("trading.Run", models.PROTECT)
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        abstract = True
