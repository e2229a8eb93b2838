"""Our error codes as they are: one shape for everything."""

from typing import Any

from django.http import HttpRequest

from jobs import statuses
from jobs.errors import PublicError

STATUSES = {
    **statuses.USUAL,
    # A body that names what is not there is at fault itself; what a path names and is not there is a 404.
    **dict.fromkeys(("unknown_storage", "unknown_image", "object_missing"), 400),
    **dict.fromkeys(("no_credits", "payment_due"), 402),
}


def body(error: PublicError, request: HttpRequest) -> dict[str, Any]:
    """The error object. param: the path of the field at fault, null where it is none of the body."""
    said = {
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "request_id": request.META.get("photomill.request_id", ""),
    }
    return {"error": said}
