"""The door for web servers: `uvicorn --lifespan off aitrapp.asgi:application`.

What is behind it is in `urls.py` for pages and in the console's `live/routing.py` for sockets.
"""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitrapp.settings.local")

pages = get_asgi_application()

import aitrapp.celery  # noqa: E402, F401 - so that tasks sent from here find their broker
from backoffice.live.routing import websocket_urlpatterns  # noqa: E402 - needs the apps loaded

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
