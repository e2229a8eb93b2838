"""Our error codes in Cropedly's words: Spring Boot's error object."""

from http import HTTPStatus

from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import TooManyRequests
from jobs.errors import MalformedRequest, PublicError, Unavailable, Unexpected
from jobs.models import Item

STATUSES = {
    "malformed_request": 400,
    "invalid_parameters": 400,
    "unknown_operation": 400,
    "operation_unavailable": 400,
    "bad_key": 400,
    "url_refused": 400,
    "bad_storage_parameters": 400,
    "unsupported_format": 400,
    "broken_image": 400,
    "too_many_pixels": 400,
    "side_too_long": 400,
    "too_many_frames": 400,
    "too_many_frame_pixels": 400,
    "too_many_scans": 400,
    "too_many_chunks": 400,
    "result_too_large": 400,
    "empty_result": 400,
    "missing_asset": 400,
    "object_missing": 400,
    "crashed": 400,
    "timeout": 400,
    "out_of_memory": 400,
    "bad_credentials": 401,
    "not_allowed": 403,
    "bad_origin": 403,
    "plan_too_low": 403,
    "no_credits": 403,
    "storage_access_denied": 403,
    "storage_read_only": 403,
    "unknown_storage": 404,
    "unknown_job": 404,
    "unknown_image": 404,
    "unknown_path": 404,
    "wrong_method": 405,
    "body_too_large": 413,
    "file_too_large": 413,
    "source_too_large": 413,
    "wrong_media_type": 415,
    "too_many_requests": 429,
    "unexpected": 500,
    "worker_lost": 500,
    "unavailable": 503,
    "unreachable": 503,
    "storage_unavailable": 503,
}

PHRASES = {413: "Payload Too Large"}
"""Where Spring has other words than Python."""

RETRY_SECONDS = 5

PICTURE_FAULTS = {
    *("unsupported_format", "broken_image", "source_too_large", "too_many_pixels", "side_too_long", "too_many_frames"),
    *("too_many_frame_pixels", "too_many_scans", "too_many_chunks", "result_too_large", "empty_result"),
    *("crashed", "timeout", "out_of_memory"),
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


def headers(error: PublicError) -> dict[str, str]:
    """When to ask again, where that helps; which scheme to come with, where none was."""
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.retry_after_seconds)}
    if STATUSES[error.code] == 503:
        return {"Retry-After": str(RETRY_SECONDS)}
    return {"WWW-Authenticate": "Bearer"} if error.code == "bad_credentials" else {}


def fault_of(item: Item) -> PublicError:
    """Why a picture was not enhanced: the picture itself, a moment's trouble, or the server."""
    if item.error_code in PICTURE_FAULTS:
        message = f"The file {item.name!r} cannot be enhanced: {item.error_message}"
        return MalformedRequest(message, param="images")
    if item.error_code in PASSING_FAULTS:
        return Unavailable("The call could not be finished. Try again in a few seconds.")
    return Unexpected("The server failed on this request.")
