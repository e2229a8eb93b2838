"""Our error codes in Cropedly's words: Spring Boot's error object."""

from http import HTTPStatus

from django.http import HttpRequest
from django.utils import timezone

from jobs import statuses
from jobs.errors import MalformedRequest, PublicError, Unavailable, Unexpected
from jobs.models import Item

STATUSES = {
    **statuses.USUAL,
    **dict.fromkeys(("object_missing", "crashed", "timeout", "out_of_memory", "conflict"), 400),
    "source_too_large": 413,
}

PHRASES = {413: "Payload Too Large"}
"""Where Spring has other words than Python."""

PICTURE_FAULTS = {
    *("unsupported_format", "broken_image", "source_too_large", "too_many_pixels", "side_too_long", "too_many_frames"),
    *("too_many_frame_pixels", "too_many_scans", "too_many_chunks", "result_too_large", "empty_result"),
    *("crashed", "timeout", "out_of_memory", "subject_not_found"),
}
"""Why an item failed, where another picture would not have."""

PASSING_FAULTS = {"cancelled", "storage_unavailable", "unreachable", "unavailable", "worker_lost"}


def body(error: PublicError, request: HttpRequest) -> dict[str, object]:
    """Spring Boot's error object."""
    status = STATUSES[error.code]
    return {
        "timestamp": timezone.now().isoformat(timespec="milliseconds"),
        "status": status,
        "error": PHRASES.get(status) or HTTPStatus(status).phrase,
        "message": error.message,
        "path": request.path,
    }


def fault_of(item: Item) -> PublicError:
    """Why a picture was not enhanced: the picture itself, a moment's trouble, or the server."""
    if item.error_code in PICTURE_FAULTS:
        message = f"The file {item.name!r} cannot be enhanced: {item.error_message}"
        return MalformedRequest(message, param="images")
    if item.error_code in PASSING_FAULTS:
        return Unavailable("The call could not be finished. Try again in a few seconds.")
    return Unexpected("The server failed on this request.")
