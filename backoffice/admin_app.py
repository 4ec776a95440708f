"""Django's admin as an application, with the desk's own site; the site is `admin_site.py`."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    """Django's admin with the desk's site in the place of the stock one."""

    default_site = "backoffice.admin_site.DeskSite"
