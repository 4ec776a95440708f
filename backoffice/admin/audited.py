"""Forms that do change rows: people and beat's timetable, each change with its audit entry.

The entry tells every field that differs, before and after, in the transaction of the change.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import DateTimeField, Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse

from backoffice.admin.access import Rights, allows
from backoffice.admin.unfolded import ModelAdmin
from backoffice.permissions import Action
from trading.services import audit

Facts = dict[str, str]
_YEARS = range(2000, 2200)


def facts_of(row: Model, left_out: frozenset[str] = frozenset()) -> Facts:
    """Return a row's own fields as text."""
    return {
        field.name: str(field.value_from_object(row))
        for field in row._meta.concrete_fields
        if field.name not in left_out
    }


def note_change(
    action: str, request: HttpRequest, subject: str, before: Facts | None, after: Facts | None
) -> None:
    """Write the entry of a change; nothing where nothing differs.

    `before` is None for a row that is new, `after` for one that is gone.
    """
    old, new = before or {}, after or {}
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    if not changed:
        return
    audit.note(
        action,
        by=request.user.get_username(),
        subject=subject[:200],
        details={
            "before": {key: old[key] for key in changed if key in old},
            "after": {key: new[key] for key in changed if key in new},
        },
    )


def within_reach(moment: datetime) -> None:
    """Raise `ValidationError` for a moment that the database would keep and nobody could read."""
    if moment.year not in _YEARS:
        raise ValidationError(f"{moment.date()}: expected a year from 2000 to 2199.")


class AuditedAdmin(Rights, ModelAdmin):
    """A table that admins may change.

    `noun` heads the action of the entries; `needs` is what a user must be trusted with; `left_out`
    are fields that change by themselves or must not be told.
    """

    noun = ""
    needs: Action = Action.CONFIGURE
    left_out: frozenset[str] = frozenset()
    list_fullwidth = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who are trusted with it add rows."""
        return allows(request, self.needs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who are trusted with it change rows."""
        return allows(request, self.needs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who are trusted with it remove rows."""
        return allows(request, self.needs)

    def facts(self, row: Model) -> Facts:
        """Return what the audit log keeps of a row."""
        return facts_of(row, self.left_out)

    def subject(self, row: Model) -> str:
        """Return what the entries call a row."""
        return str(row)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **options: Any
    ) -> Any:
        """Let no form keep a moment that can't be read again."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and isinstance(db_field, DateTimeField):
            field.validators = [*field.validators, within_reach]
        return field

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Change and note in one transaction."""
        with transaction.atomic():
            page: HttpResponse = super().changeform_view(request, *args, **options)
        return page

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Remember how the row stood, and save it."""
        held = self.model._default_manager.filter(pk=obj.pk).first() if change else None
        request.__dict__["_desk_before"] = self.facts(held) if held else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save what hangs on the row, and note the whole change."""
        super().save_related(request, form, formsets, change)
        row = form.instance
        before = request.__dict__.pop("_desk_before", None)
        verb = "change" if change else "add"
        note_change(f"{self.noun}.{verb}", request, self.subject(row), before, self.facts(row))

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Note the removal and remove the row."""
        note_change(f"{self.noun}.remove", request, self.subject(obj), self.facts(obj), None)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Note each removal and remove the rows."""
        for row in queryset:
            note_change(f"{self.noun}.remove", request, self.subject(row), self.facts(row), None)
        super().delete_queryset(request, queryset)
