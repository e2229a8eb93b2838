"""What is answered outside every product's paths."""

from django.http import HttpRequest, JsonResponse


def not_found(_request: HttpRequest, exception: Exception | None = None) -> JsonResponse:  # noqa: ARG001
    """A path that nobody owns."""
    return JsonResponse({"message": "There is nothing at this path."}, status=404)


def failed(_request: HttpRequest) -> JsonResponse:
    """A fault of ours outside every product's views."""
    return JsonResponse({"message": "The server failed on this request."}, status=500)
