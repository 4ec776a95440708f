"""Where Kite posts news of the desk's orders; what is done with it is `services/broker_hint.py`."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.base import DeskView
from backoffice.api.errors import Refused
from backoffice.api.pace import Pace
from trading.services.broker_hint import LONGEST, HintRefused, take


class KitePostbackView(DeskView):
    """Kite's postback: its checksum is its only credential, so nobody signs in here."""

    authentication_classes = ()
    needs = {"POST": None}
    paces = {"POST": Pace.READ}

    def post(self, request: Request) -> Response:
        """Take the news in; the same news twice is answered alike."""
        asked: HttpRequest = request._request
        if int(asked.headers.get("Content-Length") or 0) > LONGEST:
            raise Refused(413, "too_large", f"expected at most {LONGEST} bytes")
        try:
            take(asked.body)
        except HintRefused as error:
            raise Refused(400, "invalid", str(error)) from error
        return Response({"taken": True})
