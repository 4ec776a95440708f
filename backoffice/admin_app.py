"""Django's admin as an application, with the desk's own site; the site is `admin_site.py`.

Its pages are loaded with the addresses that lead to them (`aitrapp/urls.py`), so that processes
without a console don't carry them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class DeskAdminConfig(SimpleAdminConfig):
    """Django's admin with the desk's site in the place of the stock one."""

    default_site = "backoffice.admin_site.DeskSite"

    def ready(self) -> None:
        """Register the admin's checks, the one of the pages with the pages loaded."""
        register(check_dependencies, Tags.admin)
        register(check_pages, Tags.admin)


def check_pages(app_configs: Sequence[AppConfig] | None, **_options: Any) -> Sequence[CheckMessage]:
    """Return what is wrong with the admin's pages, all of them loaded."""
    autodiscover()
    return check_admin_app(app_configs)
