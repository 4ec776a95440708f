"""The audit log: writing an entry into the hash chain, and walking the chain to prove it whole.

That no entry can be changed or removed is the work of a trigger in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction
from django.utils import timezone

from trading.models import AuditEntry
from trading.services.canonical import canonical, plain, sha256_of

GENESIS = "0" * 64
"""What the first entry has as its previous hash."""

_CHAIN_LOCK = 0x41_55_44_49


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a walk along the chain found; `broken` is the first bad entry's number, None if whole.

    `entries` counts those proven good, `head` is the last good hash: kept elsewhere, it also
    proves that nothing was cut off behind it.
    """

    entries: int
    head: str
    broken: int | None = None
    fault: str = ""

    @property
    def is_whole(self) -> bool:
        """Say whether every entry is proven."""
        return self.broken is None


@transaction.atomic
def note(
    action: str, *, by: str, subject: str = "", details: Mapping[str, object] | None = None
) -> AuditEntry:
    """Add an entry behind the last one; writers wait for each other until they commit.

    Call it inside the transaction of the change it tells of. `by`: a user name, or the part of
    the desk that acted by itself. Fractions in `details` should be Decimals or text; floats are
    told as text.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    last = AuditEntry.objects.order_by("-number").only("number", "hash").first()
    entry = AuditEntry(
        number=last.number + 1 if last else 1,
        at=timezone.now(),
        action=action,
        by=by,
        subject=subject,
        details=_without_floats(plain(details or {})),
        previous=last.hash if last else GENESIS,
    )
    entry.hash = hash_of(entry)
    entry.save(force_insert=True)
    return entry


def hash_of(entry: AuditEntry) -> str:
    """Return the hash an entry must have: its previous hash and its content, together."""
    content = {
        "number": entry.number,
        "at": _moment(entry.at),
        "action": entry.action,
        "by": entry.by,
        "subject": entry.subject,
        "details": entry.details,
    }
    return sha256_of(entry.previous + canonical(content))


def verify() -> AuditReport:
    """Walk the chain from its first entry and stop at the first one that does not hold."""
    number, head = 0, GENESIS
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=2_000):
        fault = _fault(entry, number + 1, head)
        if fault:
            return AuditReport(entries=number, head=head, broken=number + 1, fault=fault)
        number, head = entry.number, entry.hash
    return AuditReport(entries=number, head=head)


def _fault(entry: AuditEntry, number: int, previous: str) -> str:
    if entry.number != number:
        return f"entry {number} is missing, {entry.number} stands in its place"
    if entry.previous != previous:
        return "its previous hash is not that of the entry before"
    if entry.hash != hash_of(entry):
        return "its content does not match its hash"
    return ""


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _without_floats(value: object) -> object:
    """Return `value` with floats as text: the database would not give their form back."""
    match value:
        case float():
            return repr(value)
        case dict():
            return {key: _without_floats(entry) for key, entry in value.items()}
        case list():
            return [_without_floats(entry) for entry in value]
        case _:
            return value
