"""What is answered outside every product's paths."""

from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from jobs import dialects
from jobs.errors import UnknownPath

SHARED = "v1"
"""The prefix that several products have."""


def not_found(_request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """A path that nobody owns."""
    return JsonResponse({"message": "There is nothing at this path."}, status=404)


@csrf_exempt
def no_product(request: HttpRequest) -> JsonResponse:
    """A path below the shared prefix that no product owns: each finds the members of its own errors."""
    error = UnknownPath("There is nothing at this path.")
    body: dict[str, Any] = {}
    for dialect in dialects.all().values():
        if any(str(one.pattern).startswith(f"^{SHARED}/") for one in dialect.urls):
            body |= dialect.error_body(error, request)
    return JsonResponse(body, status=404, headers={"Cache-Control": "no-store"})


def bad_request(_request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """A request that is refused before anybody looks at its path."""
    if isinstance(exception, DisallowedHost):
        message = "This server does not answer for this host: PHOTOMILL_PUBLIC_URL or PHOTOMILL_ALLOWED_HOSTS name it."
        return JsonResponse({"message": message}, status=400)
    return JsonResponse({"message": "This request cannot be read."}, status=400)


def failed(_request: HttpRequest) -> JsonResponse:
    """A fault of ours outside every product's views."""
    return JsonResponse({"message": "The server failed on this request."}, status=500)
