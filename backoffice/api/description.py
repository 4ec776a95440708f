"""The API's own description: the OpenAPI document, and pages to read and try it.

How a view is described stands in `schema.py`.
"""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation

from backoffice.api.base import DeskView


@extend_schema(exclude=True)
class SchemaView(DeskView, SpectacularAPIView):
    """The OpenAPI document, as YAML or as JSON."""

    permission_classes = DeskView.permission_classes
    content_negotiation_class = DefaultContentNegotiation


@extend_schema(exclude=True)
@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class DocsView(DeskView, SpectacularSwaggerSplitView):
    """Pages that show the OpenAPI document; the swagger page styles itself inline."""

    permission_classes = DeskView.permission_classes
