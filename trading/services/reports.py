"""Storing a report: one a kind, day and run; made again it takes the earlier one's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from trading.models import Report, ReportKind, Run
from trading.services.canonical import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a report says: its document, a summary, and whether all is well."""

    document: Mapping[str, object]
    text: str
    is_good: bool


def store(kind: ReportKind, *, day: date, run: Run | None, findings: Findings) -> Report:
    """Store a report, in place of an earlier one of the same kind, day and run."""
    report, _ = Report.objects.update_or_create(
        kind=kind.value,
        day=day,
        run=run,
        defaults={
            "made_at": timezone.now(),
            "document": plain(findings.document),
            "text": findings.text,
            "is_good": findings.is_good,
        },
    )
    return report
