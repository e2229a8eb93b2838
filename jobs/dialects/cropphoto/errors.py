"""Our error codes in Crop.photo's words: one envelope of four members for everything."""

from django.http import HttpRequest

from jobs import statuses
from jobs.errors import MalformedRequest, PublicError, Unavailable, Unexpected
from jobs.models import Item
from processing.errors import SubjectNotFound

STATUSES = {
    **statuses.USUAL,
    "storage_access_denied": 400,
    "storage_read_only": 400,
    "object_missing": 400,
    "unknown_storage": 400,
    "unknown_image": 400,
    "no_credits": 400,
    "payment_due": 400,
    "unreachable": 400,
}
"""A picture that cannot be had is a fault of the request here, and so is an empty balance."""

NO_ROUTE = "Unable to find matching target resource method"

WORDS = {
    "bad_credentials": ("invalid_api_key", "Invalid API key. Please contact support to get the API access."),
    "no_credits": ("not_enough_balance", "Your account does not have sufficient balance to process API requests."),
    "payment_due": (
        "overage_payment_failed",
        "You have an unpaid balance. Please log in to your account to complete the payment.",
    ),
}
"""What is said word for word."""

TITLES = {
    400: "invalid_payload",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "service_unavailable",
}

SUBJECT_FAULTS = {"subject_not_found", "still_recognizable"}
PASSING_FAULTS = {"cancelled", "storage_unavailable", "unavailable", "worker_lost"}
OF_GROUND = "image: "
"""What the message of a fault begins with that the step `backdrop` has with its picture."""
OUR_FAULTS = {"unexpected", "operation_unavailable"}


def body(error: PublicError, request: HttpRequest) -> dict[str, object]:
    """Crop.photo's error object."""
    status = STATUSES[error.code]
    if error.code == "unknown_path":
        return _describe(status, "not_found", NO_ROUTE, title=NO_ROUTE)
    if error.code in WORDS:
        return _describe(status, *WORDS[error.code])
    if error.code in SUBJECT_FAULTS:
        return _describe(status, "subject_not_found", error.message)
    return _describe(status, TITLES.get(status, "internal_error"), error.message)


def _describe(status: int, code: str, detail: str, *, title: str = "") -> dict[str, object]:
    side = "server" if status >= 500 else "client"
    return {"status": status, "type": f"/exception/{side}_error/{code}", "title": title or code, "detail": detail}


def fault_of(item: Item) -> PublicError:
    """Why a picture that was waited for could not be made."""
    if item.error_code in SUBJECT_FAULTS:
        return SubjectNotFound(item.error_message)
    if item.error_code in PASSING_FAULTS:
        return Unavailable("The call could not be finished. Try again in a few seconds.")
    if item.error_code in OUR_FAULTS:
        return Unexpected("The server failed on this request.")
    of_ground = item.error_message.startswith(OF_GROUND)
    field = "background" if of_ground else "image_url"
    return MalformedRequest(f"{field} cannot be used: {item.error_message.removeprefix(OF_GROUND)}", param=field)
