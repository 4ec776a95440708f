"""The admin site itself: who gets in, its looser content policy, its first page.

What is shown of each table stands in `admin/`, one file a noun.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.templatetags.static import static

from backoffice.permissions import role_of

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite as UnfoldAdminSite
    from django.contrib.auth.forms import AuthenticationForm
    from django.contrib.auth.models import AbstractBaseUser
else:
    from unfold.forms import AuthenticationForm
    from unfold.sites import UnfoldAdminSite

View = Callable[..., Any]

_with_admin_policy = csp_update(
    {"script-src": ["'self'", UNSAFE_EVAL], "style-src": ["'self'", UNSAFE_INLINE]}
)
"""The admin's scripts evaluate expressions in attributes; nothing outside the admin may."""


class DeskLoginForm(AuthenticationForm):
    """The login form; who has no role at the desk is told so."""

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Raise `ValidationError` for somebody without a role."""
        if role_of(user) is None:
            raise ValidationError("This login has no role at the desk.", code="no-role")


class DeskSite(UnfoldAdminSite):
    """The admin of the desk: everybody with a role may look."""

    site_header = "AITRAPP"
    site_title = "AITRAPP"
    index_title = "Today"
    index_template = "desk_admin/index.html"
    login_form = DeskLoginForm
    enable_nav_sidebar = True
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in whoever has a role."""
        return role_of(request.user) is not None

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """Guard a view and give its answers the admin's content policy."""
        return _with_admin_policy(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the login page, which stands outside `admin_view`."""
        shown: View = _with_admin_policy(super().login)
        return shown(request, extra_context)

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show what the desk is doing today."""
        from backoffice.admin.today import today

        return super().index(request, {**(extra_context or {}), **today(request)})


def stylesheet(_request: HttpRequest) -> str:
    """Return where the desk's additions to the admin's looks are served."""
    return static("desk_admin/desk.css")


def icon(_request: HttpRequest) -> str:
    """Return where the desk's mark is served."""
    return static("live/icon.svg")
