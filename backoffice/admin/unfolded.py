"""What the admin's theme offers, with the types of what it extends in Django.

Nothing of the desk lives here; the theme itself ships no types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from django.contrib import admin
    from django.http import HttpRequest

    class ModelAdmin(admin.ModelAdmin):
        """Django's, with the buttons of a record's page."""

        def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
            """Return the buttons the user may see."""

    Shown = TypeVar("Shown", bound=Callable[..., Any])

    def action(
        *,
        description: str,
        permissions: Iterable[str],
        url_path: str,
        icon: str = "",
        variant: Any = None,
    ) -> Callable[[Shown], Shown]:
        """Make a method a button of a record's page."""

    class ActionVariant:
        """How a button looks."""

        DEFAULT: Any
        PRIMARY: Any
        SUCCESS: Any
        WARNING: Any
        DANGER: Any

else:
    from unfold.admin import ModelAdmin
    from unfold.decorators import action
    from unfold.enums import ActionVariant

__all__ = ["ActionVariant", "ModelAdmin", "action"]
