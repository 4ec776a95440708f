"""What stands at every address of the API that leads nowhere: its one error."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from backoffice.api.base import DeskView


class NowhereView(DeskView):
    """Answers 404 to everybody, whatever the method."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise `NotFound`, before the method is looked at."""
        super().initial(request, *args, **kwargs)
        raise NotFound("nothing stands at this address")
