"""Serving the console's own static files from the web process; which files is WhiteNoise's work."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc] # WhiteNoise has no types
    """WhiteNoise with whole answers: a file told piece by piece from a thread suits no ASGI server.

    The files are small and few.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Answer with one file, or with what its request's conditions call for."""
        found = static_file.get_response(request.method, request.META)
        response = HttpResponse(status=int(found.status), headers=dict(found.headers))
        if found.file is not None:
            with found.file as file:
                response.content = file.read()
        return response
