"""The event calendar as the API tells it: today's windows, what comes, and what is not known.

Changing it is the admin's; what it means for a session was fixed when its run was started.
"""

from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.base import DeskView
from backoffice.api.schema import described, told
from marketdata.calendar import IST
from trading.services.event_outlook import outlook


class EventWindowOutput(serializers.Serializer):
    """A stretch of today's session that an event changes, and how; `is_derived` as the event's."""

    name = serializers.CharField()
    underlying = serializers.CharField(allow_blank=True)
    begins = serializers.DateTimeField(default_timezone=IST)
    until = serializers.DateTimeField(default_timezone=IST)
    effects = serializers.CharField()
    is_derived = serializers.BooleanField()


class EventOutput(serializers.Serializer):
    """An announcement; `is_derived`: its date was computed from a rule, not published."""

    name = serializers.CharField()
    kind = serializers.CharField()
    underlying = serializers.CharField(allow_blank=True)
    starts_at = serializers.DateTimeField(default_timezone=IST)
    timing = serializers.CharField()
    severity = serializers.FloatField()
    source = serializers.CharField()  # type: ignore[assignment]
    is_derived = serializers.BooleanField()


class EventsOutput(serializers.Serializer):
    """What lies ahead; `missing`: kinds of which no list covers the day."""

    day = serializers.DateField()
    session = serializers.CharField(allow_blank=True)
    windows = EventWindowOutput(many=True)
    events = EventOutput(many=True)
    missing = serializers.ListField(child=serializers.CharField())


class EventsView(DeskView):
    """Today's event windows, and the events of the next three weeks."""

    @described(
        "desk",
        "Events",
        {200: EventsOutput},
        examples=[
            told(
                "A date that no calendar has published",
                {
                    "day": "2026-11-23",
                    "session": "",
                    "windows": [],
                    "events": [
                        {
                            "name": "GDP 30 Nov 16:00",
                            "kind": "GDP",
                            "underlying": "",
                            "starts_at": "2026-11-30T16:00:00+05:30",
                            "timing": "AT",
                            "severity": 0.5,
                            "source": "derived: the last working day of November at 16:00",
                            "is_derived": True,
                        }
                    ],
                    "missing": [],
                },
                200,
            )
        ],
    )
    def get(self, _request: Request) -> Response:
        """Answer with what the page of events shows."""
        return Response(EventsOutput(outlook(timezone.now().astimezone(IST).date())).data)
