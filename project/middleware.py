"""What every request gets."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from project.logs import bound

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """Gives each request an id, keeps the caller's own where it is harmless, and answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.headers.get("x-request-id", "")
        request_id = asked if _ACCEPTABLE.fullmatch(asked) else uuid.uuid4().hex
        request.META["photomill.request_id"] = request_id
        with bound(request_id=request_id):
            response = self.get_response(request)
        response["x-request-id"] = request_id
        return response
