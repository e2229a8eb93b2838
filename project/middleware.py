"""What every request gets."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts import trace
from accounts.addresses import comes_by_proxy
from jobs.requests import find_unreadable

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")

PAGES = ("/admin/", "/accounts/")
PAGE_POLICY = "; ".join(
    [
        "default-src 'none'",
        # The theme's Alpine turns attributes into functions. No script may stand in a page itself.
        "script-src 'self' 'unsafe-eval'",
        # The theme writes its colours and some sizes into the page.
        "style-src 'self' 'unsafe-inline'",
        # Thumbnails are fetched, and shown out of the page's memory.
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
ANSWER_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""An answer of the API is no page: should a browser take it for one, it loads and runs nothing."""


class RequestIdMiddleware:
    """Gives each request an id, keeps the caller's own where it is harmless, and answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.headers.get("x-request-id", "")
        request_id = asked if _ACCEPTABLE.fullmatch(asked) else str(uuid.uuid4())
        request.META["photomill.request_id"] = request_id
        with trace.bound_afresh(request_id=request_id):
            response = self.get_response(request)
        response["x-request-id"] = request_id
        return response


class BorderMiddleware:
    """What crosses the border in both directions: nothing of a proxy that is none, no TRACE, a policy for browsers.

    A view that knows better sets the policy itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not comes_by_proxy(request):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        response = self.get_response(request)
        policy = PAGE_POLICY if request.path.startswith(PAGES) else ANSWER_POLICY
        response.setdefault("Content-Security-Policy", policy)
        return response

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        """Views of the APIs refuse in their own words; others take TRACE for a GET, and a bad form for none."""
        if hasattr(view, "cls"):
            return None
        unreadable = find_unreadable(request) if request.path.startswith(PAGES) else None
        if unreadable:
            return JsonResponse({"message": f"The header {unreadable} cannot be read."}, status=400)
        if request.method == "TRACE":
            return JsonResponse({"message": "This path does not take this method."}, status=405)
        return None
