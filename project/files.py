"""House objects for those who were given a link."""

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from storage.errors import ObjectMissing
from storage.house import house, read_ticket


@require_safe
def stream(_request: HttpRequest, ticket: str) -> HttpResponse:
    """The object of a signed link. Browsers are told to run nothing that it may contain."""
    try:
        named = read_ticket(ticket)
        blob = house().read(named["key"], max_bytes=settings.PHOTOMILL_MAX_SOURCE_BYTES * 4)
    except (BadSignature, KeyError):
        return JsonResponse({"message": "This link is not valid or has expired."}, status=404)
    except ObjectMissing:
        return JsonResponse({"message": "The file is no longer kept."}, status=404)
    response = HttpResponse(blob.data, content_type=named["content_type"])
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=named["filename"]) or ""
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response
