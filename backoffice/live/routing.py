"""Which socket address leads to which consumer."""

from __future__ import annotations

from django.urls import path

from backoffice.live.consumer import LiveConsumer

websocket_urlpatterns = [
    path("ws/live/", LiveConsumer.as_asgi()),
]
