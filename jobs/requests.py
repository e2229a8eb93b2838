"""A request before anybody reads it: heads that Django cannot read, and bodies that come without their length."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import LimitedStream
from django.http import HttpRequest

UNREADABLE = "photomill.unreadable_header"
"""Where `project.wsgi` notes the name of a header that it cannot read."""


def find_unreadable(request: HttpRequest) -> str | None:
    """The name of a header that could not be read."""
    name: str | None = request.META.get(UNREADABLE)
    return name


def read_body(request: HttpRequest) -> bytes:
    """The whole body, of a request without a length too. Raises RequestDataTooBig or UnreadablePostError."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if comes_in_chunks(request) and not request._read_started:  # type: ignore[attr-defined]
        admit_chunks(request, most + 1)
    body = request.body
    if len(body) > most:
        raise RequestDataTooBig(f"the body has more than {most} bytes")
    return body


def comes_in_chunks(request: HttpRequest) -> bool:
    """Whether the body has no length, and Django takes it for empty.

    The server must say that it ends what it hands on where the body ends.
    """
    return "CONTENT_LENGTH" not in request.META and bool(request.META.get("wsgi.input_terminated"))


def admit_chunks(request: HttpRequest, most_bytes: int) -> None:
    """Have a body that comes in chunks read, up to so many bytes."""
    request._stream = LimitedStream(request.META["wsgi.input"], most_bytes)  # type: ignore[assignment]
