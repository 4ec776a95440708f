"""Which address leads where; what is shown there is the console's business."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from backoffice.api import probes

admin.autodiscover()

urlpatterns = [
    path("", include("backoffice.pages.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("backoffice.api.urls")),
    path("health", probes.HealthView.as_view(schema=None), name="health"),
    path("ready", probes.ReadyView.as_view(schema=None), name="ready"),
    path("metrics", probes.MetricsView.as_view(schema=None), name="metrics"),
]

handler400 = "backoffice.api.errors.bad_request"
handler404 = "backoffice.api.errors.not_found"
handler500 = "backoffice.api.errors.server_error"
