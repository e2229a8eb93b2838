"""What is answered outside every product's paths."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, JsonResponse


def not_found(_request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """A path that nobody owns."""
    return JsonResponse({"message": "There is nothing at this path."}, status=404)


def bad_request(_request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """A request that is refused before anybody looks at its path."""
    if isinstance(exception, DisallowedHost):
        message = "This server does not answer for this host: PHOTOMILL_PUBLIC_URL or PHOTOMILL_ALLOWED_HOSTS name it."
        return JsonResponse({"message": message}, status=400)
    return JsonResponse({"message": "This request cannot be read."}, status=400)


def failed(_request: HttpRequest) -> JsonResponse:
    """A fault of ours outside every product's views."""
    return JsonResponse({"message": "The server failed on this request."}, status=500)
