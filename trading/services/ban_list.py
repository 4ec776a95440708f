"""The day's ban list: read from the exchange's file, checked whole, stored or left alone.

What a ban does to entries is the risk gate's business.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from marketdata.calendar import IST
from trading.models import BanList
from trading.services import audit

_HEAD = re.compile(r"^Securities in Ban For Trade Date (\d{2}-[A-Za-z]{3}-\d{4})\s*:\s*(NIL)?\s*$")
_LINE = re.compile(r"^\d+\s*,\s*([A-Z0-9&\-]+)\s*$")


class BanListError(ValueError):
    """A file that cannot be the day's list; names the file and what was expected."""


def read_ban_list(path: Path, on: date) -> tuple[str, ...]:
    """Return the symbols banned on `on`, in alphabetical order; none is a list too.

    `path`: the exchange's file, a head line with the date and a line a symbol. Raises
    `BanListError`.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BanListError(f"{path}: {error}, expected the exchange's ban list") from error
    head = _HEAD.match(lines[0].strip()) if lines else None
    if head is None:
        raise BanListError(f"{path}: no head line with the trade date")
    day = datetime.strptime(head[1], "%d-%b-%Y").replace(tzinfo=IST).date()
    if day != on:
        raise BanListError(f"{path}: is the list of {day}, expected {on}")
    symbols = []
    for number, line in enumerate(lines[1:], start=2):
        found = _LINE.match(line.strip())
        if found is None:
            raise BanListError(f"{path}: line {number} is {line!r}, expected a number and a symbol")
        symbols.append(found[1])
    if bool(head[2]) == bool(symbols):
        raise BanListError(f"{path}: expected either NIL or at least one symbol")
    return tuple(sorted(symbols))


@transaction.atomic
def ban_list_of_practice(*, on: date, source: str, by: str) -> BanList:
    """Return the list of a day that is traded for practice, where none comes with the prices.

    A list that is stored holds; otherwise nothing counts as banned, and the row says why.
    """
    held = BanList.objects.filter(day=on).first()
    why = f"none comes with {source} prices: nothing is taken as banned"
    return held or store_ban_list(symbols=(), on=on, source=why, by=by)


@transaction.atomic
def store_ban_list(*, symbols: tuple[str, ...], on: date, source: str, by: str) -> BanList:
    """Make `symbols` the list of the day `on`; a repeat changes nothing."""
    held = BanList.objects.select_for_update().filter(day=on).first()
    if held is not None and held.symbols == list(symbols):
        return held
    stored, _ = BanList.objects.update_or_create(
        day=on,
        defaults={"symbols": list(symbols), "source": source, "taken_at": timezone.now()},
    )
    audit.note("bans.sync", by=by, subject=str(on), details={"symbols": symbols, "source": source})
    return stored
