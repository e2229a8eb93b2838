"""Our error codes in Claid's words: a number, a family, a sentence, and what is wrong with which field."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest

from jobs import statuses
from jobs.dialects.claid.differences import TOO_MANY_REQUESTS_TWICE
from jobs.errors import MalformedRequest, PublicError, Unavailable, Unexpected
from jobs.models import Item
from processing.errors import InvalidParams

UNAUTHORIZED = "Authorization is required."
FORBIDDEN = "Not enough permissions."
NO_CALLS_LEFT = "No API calls left."
TOO_MANY_REQUESTS = "Too Many Requests. Rate limit exceeded."
UNKNOWN_TASK = "Batch image edit pipeline not found."
UNKNOWN_STORAGE = "Storage not found."
UNKNOWN_WEB_IMAGE = "Web image not found."

PICTURE_FAULTS = (
    *("unsupported_format", "broken_image", "source_too_large", "too_many_pixels", "side_too_long", "too_many_frames"),
    *("too_many_frame_pixels", "too_many_scans", "too_many_chunks", "result_too_large", "empty_result"),
    *("missing_asset", "subject_not_found", "crashed", "timeout", "out_of_memory", "file_too_large"),
    *("unknown_operation", "operation_unavailable"),
)
"""Why a picture was not made, where another picture or another request would have done."""

STORAGE_FAULTS = ("object_missing", "storage_access_denied", "storage_read_only", "unreachable", "storage_unavailable")
"""Why a picture could not be fetched, or not be put where it was to go."""

UNFIT = ("invalid_parameters", "bad_key", "url_refused", "bad_storage_parameters", "unknown_storage")
"""What is wrong with a request that only shows once it is carried out."""

STATUSES = {
    **statuses.USUAL,
    **dict.fromkeys(("invalid_parameters", "bad_key", "url_refused", "bad_storage_parameters", *PICTURE_FAULTS), 422),
    **dict.fromkeys(STORAGE_FAULTS, 400),
    **dict.fromkeys(("no_credits", "payment_due"), 402),
}

CODES = {
    "bad_credentials": ("111", "auth"),
    **dict.fromkeys(("not_allowed", "bad_origin", "plan_too_low"), ("112", "auth")),
    **dict.fromkeys(("no_credits", "payment_due"), ("1201", "billing")),
    "too_many_requests": ("2001", "general"),
    "malformed_request": ("2002", "general"),
    **dict.fromkeys(("unknown_path", "wrong_method"), ("2003", "general")),
    "unknown_job": ("3001", "image"),
    **dict.fromkeys(("unknown_image", "unknown_recipe"), ("3002", "image")),
    **dict.fromkeys(PICTURE_FAULTS, ("3003", "image")),
    **dict.fromkeys(STORAGE_FAULTS, ("4001", "storage")),
    "unknown_storage": ("4002", "storage"),
    "conflict": ("4003", "storage"),
    **dict.fromkeys(("bad_key", "url_refused", "bad_storage_parameters"), ("4004", "storage")),
    "invalid_parameters": ("9000", "validation"),
}
"""The product publishes 111, 2001 and 9000; the other numbers are ours."""
OTHER = ("2000", "general")


class InvalidRequest(InvalidParams):
    """A request whose fields break rules: all that are wrong, by their paths, each with what is wrong."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        self.faults = {path: list(dict.fromkeys(messages)) for path, messages in faults.items()}
        sentences = [f"{path}: {message}." for path, messages in self.faults.items() for message in messages]
        super().__init__(" ".join(sentences), param=next(iter(self.faults), None))


class EditFailed(MalformedRequest):
    """Why a picture was not edited that somebody waits for: the error that its item ended with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fault_of(item: Item) -> PublicError:
    """Why an item failed: the picture, where it lies or was to go, a moment's trouble, or the server."""
    if item.error_code in (*PICTURE_FAULTS, *STORAGE_FAULTS, *UNFIT):
        return EditFailed(item.error_code, item.error_message)
    if item.error_code in ("cancelled", "worker_lost", "unavailable"):
        return Unavailable("The call could not be finished. Try again in a few seconds.")
    return Unexpected("The server failed on this request.")


def body(error: PublicError, request: HttpRequest) -> dict[str, Any]:
    """Claid's error object; under `detail` where there were too many requests."""
    code, family = CODES.get(error.code, OTHER)
    said = {
        "error_code": code,
        "error_type": family,
        "error_message": end_sentence(error.message),
        "error_details": error.faults if isinstance(error, InvalidRequest) else {},
    }
    if error.code != "too_many_requests":
        return said
    return {"detail": said, **(said if TOO_MANY_REQUESTS_TWICE else {})}


def end_sentence(message: str) -> str:
    """The message with a full stop, as all of the product's have one."""
    return message if message.endswith(".") else f"{message}."
