"""People in the admin: who may log in, with which role; every change with its audit entry.

What a role may do is said in `backoffice/permissions.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse

from backoffice.admin.asking import row_or_404
from backoffice.admin.audited import AuditedAdmin, Facts
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, column, mark, when
from backoffice.permissions import Action, Role
from trading.services import audit

if TYPE_CHECKING:
    from django.contrib.auth.forms import (
        AdminPasswordChangeForm,
        UserChangeForm,
        UserCreationForm,
    )
else:
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

admin.site.unregister(User)
admin.site.unregister(Group)


def _roles(row: User) -> object:
    names = [group.name for group in row.groups.all()]
    if row.is_superuser:
        return mark("superuser", "warn")
    return mark(", ".join(names), "info") if names else EMPTY


@admin.register(User)
class DeskUserAdmin(AuditedAdmin, StockUserAdmin):
    """One person; nobody is removed, only made inactive."""

    noun = "person"
    needs = Action.ADMINISTER
    left_out = frozenset({"password", "last_login"})
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        column("Role", None, _roles),
        "is_active",
        "email",
        when("last_login", "Last login"),
    )
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    readonly_fields = ("last_login", "date_joined", "is_superuser")
    filter_horizontal = ()
    fieldsets = (
        ("Person", {"fields": ("username", "password", "first_name", "last_name", "email")}),
        ("Role", {"fields": ("groups", "is_active", "is_superuser")}),
        ("Moments", {"fields": (("last_login", "date_joined"),)}),
    )
    add_fieldsets = (
        ("Person", {"fields": ("username", "usable_password", "password1", "password2")}),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep people's names and addresses to those who administer them."""
        return self.has_administer_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the section to those who administer people."""
        return self.has_administer_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep everybody: what they did stays in the log under their name."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Fetch the roles with the people."""
        rows: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return rows

    def formfield_for_manytomany(self, db_field: Any, request: Any, **options: Any) -> Any:
        """Offer the three roles and nothing else."""
        if db_field.name == "groups":
            options["queryset"] = Group.objects.filter(name__in=[role.value for role in Role])
        return super().formfield_for_manytomany(db_field, request, **options)

    def facts(self, row: Model) -> Facts:
        """Return the person with the roles."""
        return {**super().facts(row), "groups": ", ".join(_names(row))}

    @transaction.atomic
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002
        form_url: str = "",
    ) -> HttpResponse:
        """Set another password and note that it was done, never what it is."""
        held = row_or_404(User.objects.all(), id).password
        page: HttpResponse = super().user_change_password(request, id, form_url)
        person = User.objects.filter(pk=id).first()
        if person and person.password != held:
            audit.note("person.password", by=request.user.get_username(), subject=person.username)
        return page


def _names(row: Model) -> list[str]:
    return sorted(Group.objects.filter(user=row.pk).values_list("name", flat=True))


@admin.register(Group)
class RoleAdmin(RecordAdmin):
    """The roles; they are part of the program and not edited."""

    about = "What a role may do is part of the program. People get a role on their own page."
    list_display = ("name", column("People", None, lambda row: row.people))
    search_fields = ("name",)
    fieldsets = (("Role", {"fields": ("name",)}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Count the people with the roles."""
        rows: QuerySet[Group] = super().get_queryset(request)
        return rows.annotate(people=Count("user"))
