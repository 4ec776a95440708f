"""Every table of the desk that has no file of its own here: shown as it is, and read-only.

So that a new table is on the console from its first day.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models

from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, Column, column, mark, moment, number, toward

ROOMS = ("trading", "backoffice")
_WIDEST = 8


def register_the_rest() -> None:
    """Put every table of the rooms on the console that is not there yet."""
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            if not admin.site.is_registered(model):
                admin.site.register(model, _plain_admin(model))


def _plain_admin(model: type[models.Model]) -> type[RecordAdmin]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    listed = [field for field in fields if not isinstance(field, models.JSONField)]
    shown: dict[str, Any] = {
        "__doc__": model.__doc__,
        "list_display": ("__str__", *(_column(field) for field in listed[:_WIDEST])),
        "search_fields": tuple(
            field.name for field in fields if isinstance(field, models.CharField)
        ),
        "relations": tuple(field.name for field in listed[:_WIDEST] if field.is_relation),
        "ordering": tuple(model._meta.ordering or ("-pk",)),
    }
    return type(f"{model.__name__}Admin", (RecordAdmin,), shown)


def _column(field: models.Field[Any, Any]) -> Column | str:
    title = str(field.verbose_name).capitalize()
    match field:
        case models.ForeignKey():
            return toward(field.name, title)
        case models.DateTimeField():
            return column(title, field.name, lambda row: moment(getattr(row, field.name)))
        case models.DecimalField() | models.FloatField():
            return column(title, field.name, lambda row: number(getattr(row, field.name)))
        case models.CharField() if field.choices:
            return column(title, field.name, lambda row: mark(getattr(row, field.name) or EMPTY))
        case _:
            return field.name
