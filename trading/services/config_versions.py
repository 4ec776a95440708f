"""Keeping configurations for ever and saying which one holds.

What a configuration may contain is checked before it comes here.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from trading.models import Activation, ConfigVersion
from trading.services import audit
from trading.services.canonical import canonical, sha256_of

_CONFIG_LOCK = 0x43_4F_4E_46


@transaction.atomic
def store(
    *, kind: str, document: Mapping[str, object], author: str, note: str = ""
) -> ConfigVersion:
    """Return the version that holds `document`; the same content is never stored twice.

    A new content gets the kind's next number. Storing does not activate.
    """
    text = canonical(document)
    digest = sha256_of(text)
    _take_turns()
    known = ConfigVersion.objects.filter(kind=kind, sha256=digest).first()
    if known:
        return known
    last = ConfigVersion.objects.filter(kind=kind).aggregate(last=Max("number"))["last"]
    version = ConfigVersion.objects.create(
        kind=kind,
        number=(last or 0) + 1,
        document=text,
        sha256=digest,
        author=author,
        note=note,
        created_at=timezone.now(),
    )
    audit.note(
        "config.store",
        by=author,
        subject=str(version),
        details={"sha256": digest, "note": note},
    )
    return version


@transaction.atomic
def activate(*, version: ConfigVersion, author: str, reason: str) -> Activation:
    """Let `version` hold from now on; the one that held till now ends at the same moment.

    Activating what already holds changes nothing. Raises `ValueError` for a missing reason.
    """
    if not reason.strip():
        raise ValueError("reason: empty, expected why this version is to hold")
    _take_turns()
    held = Activation.objects.filter(kind=version.kind, active_until=None).first()
    if held and held.version_id == version.pk:
        return held
    now = timezone.now()
    if held:
        held.active_until = now
        held.save(update_fields=["active_until"])
    activation = Activation.objects.create(
        kind=version.kind, version=version, active_from=now, author=author
    )
    audit.note(
        "config.activate",
        by=author,
        subject=str(version),
        details={
            "reason": reason,
            "before": str(held.version) if held else "",
            "after": str(version),
            "sha256": version.sha256,
        },
    )
    return activation


def _take_turns() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CONFIG_LOCK])
