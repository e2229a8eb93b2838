"""The HTTP status of each error code, and the headers that go with it. A dialect names only where it differs."""

from collections.abc import Mapping

from accounts.errors import TooManyRequests
from jobs.errors import PublicError

RETRY_SECONDS = 5

USUAL = {
    **dict.fromkeys(
        (
            *("malformed_request", "invalid_parameters", "unknown_operation", "operation_unavailable", "bad_key"),
            *("url_refused", "bad_storage_parameters", "unsupported_format", "broken_image", "too_many_pixels"),
            *("side_too_long", "too_many_frames", "too_many_frame_pixels", "too_many_scans", "too_many_chunks"),
            *("result_too_large", "empty_result", "missing_asset", "source_too_large", "subject_not_found"),
            "still_recognizable",
        ),
        400,
    ),
    "bad_credentials": 401,
    **dict.fromkeys(("not_allowed", "bad_origin", "plan_too_low", "no_credits", "payment_due"), 403),
    **dict.fromkeys(("storage_access_denied", "storage_read_only"), 403),
    **dict.fromkeys(("unknown_storage", "unknown_job", "unknown_image", "unknown_recipe"), 404),
    **dict.fromkeys(("unknown_path", "object_missing"), 404),
    "wrong_method": 405,
    "conflict": 409,
    **dict.fromkeys(("body_too_large", "file_too_large"), 413),
    "wrong_media_type": 415,
    "too_many_requests": 429,
    **dict.fromkeys(("unexpected", "crashed", "timeout", "out_of_memory", "worker_lost"), 500),
    **dict.fromkeys(("unavailable", "unreachable", "storage_unavailable"), 503),
}


def make_headers(error: PublicError, statuses: Mapping[str, int]) -> dict[str, str]:
    """When to ask again, where that helps; which scheme to come with, where none was."""
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.retry_after_seconds)}
    if statuses[error.code] == 503:
        return {"Retry-After": str(RETRY_SECONDS)}
    return {"WWW-Authenticate": "Bearer"} if error.code == "bad_credentials" else {}
