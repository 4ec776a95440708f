"""How values are shown: rupees, moments, marks of state, links to rows, columns made of these.

Whole tables and bars stand in `panels.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

EMPTY = "–"
Column: TypeAlias = Any
"""A function of a row with a title; the framework's types don't know functions everywhere."""

TONES = {
    **dict.fromkeys(("OPEN", "FILLED", "DONE", "RUNNING", "FINISHED", "SUCCESS"), "good"),
    **dict.fromkeys(("PENDING_ENTRY", "PLANNED", "SENT", "PENDING", "QUEUED", "INFO"), "info"),
    **dict.fromkeys(
        ("PARTIAL", "PARTLY_CLOSED", "CLOSING", "REDUCE_ONLY", "WARNING", "SUPPRESSED"), "warn"
    ),
    **dict.fromkeys(
        (
            "UNKNOWN",
            "REJECTED",
            "REFUSED",
            "FAILED",
            "MISSED",
            "FLATTENING",
            "HALTED",
            "CRITICAL",
            "ERROR",
        ),
        "bad",
    ),
}
"""How loud a state is shown; what isn't named is shown quietly."""


def inr(value: Decimal | float | str | None, *, sign: bool = False) -> str:
    """Return rupees with two decimals, grouped as in India: `12,34,567.80`.

    `sign` puts a plus before a gain. An empty value is a dash.
    """
    if value is None:
        return EMPTY
    amount = Decimal(str(value)).quantize(Decimal("0.01"))
    whole, _, part = f"{abs(amount):f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    prefix = "-" if amount < 0 else "+" if sign and amount > 0 else ""
    return f"{prefix}{','.join([*pairs, tail])}.{part}"


def number(value: object, places: int = 4) -> str:
    """Return a measured number without the digits nobody reads; other values as they are."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    try:
        exact = Decimal(str(value))
    except ArithmeticError:
        return str(value)
    if not exact.is_finite():
        return str(value)
    text = f"{round(exact, places):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def money(value: Decimal | float | None) -> SafeString:
    """Return a profit or loss, coloured by its sign."""
    tone = "" if not value else "good" if value > 0 else "bad"
    return format_html('<span class="desk-number desk-{}">{}</span>', tone, inr(value, sign=True))


def moment(at: datetime | None) -> SafeString | str:
    """Return a moment in exchange time: the time of day to the second, the date behind it."""
    if at is None:
        return EMPTY
    local = timezone.localtime(at)
    return format_html(
        '<time class="desk-moment" datetime="{}" title="{}">{} <small>{}</small></time>',
        local.isoformat(),
        local.isoformat(sep=" ", timespec="milliseconds"),
        f"{local:%H:%M:%S}",
        f"{local:%d %b}",
    )


def mark(text: object, tone: str = "") -> SafeString | str:
    """Return a state as a small coloured label; an empty text is a dash."""
    if not str(text or ""):
        return EMPTY
    return format_html(
        '<span class="desk-mark desk-{}">{}</span>', tone or TONES.get(str(text), "quiet"), text
    )


def address(row: Model) -> str:
    """Return where a row's page is."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_address(model: type[Model], **filters: str | int) -> str:
    """Return where a table's list is, with its filters set."""
    place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{place}?{urlencode(filters)}" if filters else place


def link(row: Model | None, text: object = "") -> SafeString | str:
    """Return a link to a row's page; no row is a dash."""
    if row is None:
        return EMPTY
    return format_html('<a class="desk-link" href="{}">{}</a>', address(row), text or row)


def side(direction: int) -> SafeString | str:
    """Return a direction in the trader's word."""
    match direction:
        case 1:
            return mark("LONG", "good")
        case -1:
            return mark("SHORT", "bad")
        case _:
            return mark("NEUTRAL")


def column(title: str, order: str | None, show: Callable[[Any], object]) -> Column:
    """Return `show` as a column called `title`, sortable by `order` where one is given."""

    def shown(row: Any) -> object:
        return show(row)

    shown.__name__ = title.lower().replace(" ", "_")
    shown.__dict__["short_description"] = title
    if order:
        shown.__dict__["admin_order_field"] = order
    return shown


def rupees(name: str, title: str = "") -> Column:
    """Return a price or amount as a column."""
    return column(title or _titled(name), name, lambda row: _figure(inr(getattr(row, name))))


def profit(name: str, title: str = "") -> Column:
    """Return a profit or loss as a column."""
    return column(title or _titled(name), name, lambda row: money(getattr(row, name)))


def figure(name: str, title: str = "", places: int = 2) -> Column:
    """Return a measured number as a column."""
    return column(
        title or _titled(name), name, lambda row: _figure(number(getattr(row, name), places))
    )


def when(name: str, title: str = "") -> Column:
    """Return a moment as a column."""
    return column(title or _titled(name), name, lambda row: moment(getattr(row, name)))


def state(name: str = "state", title: str = "") -> Column:
    """Return a state as a column."""
    return column(title or _titled(name), name, lambda row: mark(getattr(row, name)))


def toward(name: str, title: str = "", order: str = "") -> Column:
    """Return a row this one points to as a column of links; fetch it with the list."""
    return column(title or _titled(name), order or name, lambda row: link(getattr(row, name)))


def _titled(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _figure(text: str) -> SafeString:
    return format_html('<span class="desk-number">{}</span>', text)
