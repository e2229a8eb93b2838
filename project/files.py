"""House objects for those who were given a link."""

import logging

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from storage.errors import ObjectMissing, StorageError
from storage.house import house, read_ticket

log = logging.getLogger(__name__)

RETRY_SECONDS = 10


@require_safe
def stream(request: HttpRequest, ticket: str, name: str = "") -> HttpResponse:
    """The object of a signed link, whatever name its address ends in. Browsers are told to run nothing of it."""
    try:
        named = read_ticket(ticket)
        response = _describe(named["key"]) if request.method == "HEAD" else _read(named["key"])
    except BadSignature:
        return JsonResponse({"message": "This link is not valid or has expired."}, status=404)
    except ObjectMissing:
        return JsonResponse({"message": "The file is no longer kept."}, status=404)
    except StorageError as error:
        log.warning("a linked file cannot be read: %s: %s", error.code, error.message)
        return _excuse(error)
    return _label(response, named)


def _read(key: str) -> HttpResponse:
    blob = house().read(key, max_bytes=settings.PHOTOMILL_MAX_SOURCE_BYTES * 4)
    return HttpResponse(blob.data)


def _describe(key: str) -> HttpResponse:
    """No body, and none is read for it: the object is the first of those whose keys begin with its own."""
    found = house().list(key, limit=1).objects
    if not found or found[0].key != key:
        raise ObjectMissing
    return HttpResponse(headers={"Content-Length": str(found[0].size_bytes)})


def _label(response: HttpResponse, named: dict[str, str]) -> HttpResponse:
    response["Content-Type"] = named["content_type"]
    disposition = content_disposition_header(as_attachment=False, filename=named["filename"])
    response["Content-Disposition"] = disposition or "inline"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _excuse(error: StorageError) -> HttpResponse:
    if not error.retryable:
        return JsonResponse({"message": "The file cannot be read."}, status=500)
    answer = JsonResponse({"message": "The file cannot be read at the moment."}, status=503)
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer
