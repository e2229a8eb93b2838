"""What a product's API must bring, and what all of them share: every answer, errors too, in its own words."""

import json
import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, UnreadablePostError
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import Caller, find_caller, find_quota
from jobs.errors import (
    PUBLIC_ERRORS,
    BodyTooLarge,
    MalformedRequest,
    PublicError,
    Unavailable,
    Unexpected,
    UnknownPath,
    WrongMethod,
)
from jobs.models import Delivery, Job
from jobs.requests import find_unreadable, read_body
from jobs.schedule import CallbackRules
from jobs.statuses import make_headers
from processing.base import Step
from processing.formats import Output

log = logging.getLogger(__name__)

MAX_LEVELS = 64
"""How deep the values of a body may be nested."""

LONGEST_HEADER = 1000
UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Dialect:
    """One product's API.

    statuses: the HTTP status of each of our error codes. error_body: the product's words for an error.
    to_callback: the body of the message at the end of a run. callbacks: how it is sent. announces:
    whether the webhooks of its account hear of a job. results_hours: how long a result in the house storage is promised
    to be there, None for what the server's settings say.
    """

    name: str
    urls: Sequence[URLPattern]
    statuses: Mapping[str, int]
    error_body: Callable[[PublicError, HttpRequest], Any]
    to_callback: Callable[[Job, Delivery], Any]
    callbacks: CallbackRules = field(default_factory=CallbackRules)
    announces: Callable[[Job], bool] = lambda _job: True
    expand: Callable[[Step], tuple[Sequence[Step], Output] | None] = field(default=lambda _step: None)
    results_hours: int | None = None

    def answer(self, error: PublicError, request: HttpRequest) -> Response:
        """The error as this product says it."""
        body = self.error_body(error, request)
        return Response(body, status=self.statuses[error.code], headers=make_headers(error, self.statuses))


class _AsciiJson(JSONRenderer):
    """JSON that can be sent whatever is in it: half a surrogate pair has no UTF-8, but it has an escape."""

    ensure_ascii = True


class _JsonOnly(BaseContentNegotiation):
    """Answers in JSON whatever is asked for: REST framework's own choice turns `?format=` into a 404."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class DialectView(APIView):
    """A view that answers everything in its product's words. Subclasses set `dialect_name`."""

    dialect_name: ClassVar[str]
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (_AsciiJson,)
    content_negotiation_class = _JsonOnly
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    is_counted: ClassVar[bool] = True
    """Whether requests to this view take from their account's rate: `find_caller` counts them, and their answers say
    in `RateLimit-…` what is left."""

    ignored: Sequence[str] = ()
    """Paths of the fields that the request had and nobody read: named in the answer's header."""

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: REST framework would name the allowed methods in every answer, of paths that have none too."""
        return {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request; one with a head that nobody can read is refused before it is looked at."""
        unreadable = find_unreadable(request)
        if unreadable is None:
            return super().dispatch(request, *args, **kwargs)
        self.args, self.kwargs, self.headers = args, kwargs, {}
        self.request = self.initialize_request(request, *args, **kwargs)
        refusal = self.handle_exception(MalformedRequest(f"The header {unreadable} cannot be read."))
        self.response = self.finalize_response(self.request, refusal, *args, **kwargs)
        return self.response

    def find_caller(self) -> Caller:
        """The account that calls, counted where this view counts. Raises BadCredentials or TooManyRequests."""
        return find_caller(self.request._request, is_counted=self.is_counted)

    def read_json(self) -> Any:
        """The body as JSON, whatever its content type says. Raises MalformedRequest or BodyTooLarge."""
        try:
            body = json.loads(read_body(self.request._request), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise MalformedRequest(f"The body is not JSON: {error}") from None
        _check_levels(body, MAX_LEVELS)
        return body

    def handle_exception(self, exc: Exception) -> Response:
        """Any error, in the product's words. The one place of a dialect that catches everything."""
        from jobs import dialects

        error = translate(exc)
        if isinstance(error, Unexpected):
            log.exception("unexpected error", exc_info=exc)
        response = dialects.get(self.dialect_name).answer(error, self.request)
        if isinstance(error, WrongMethod):
            response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        if self.ignored:
            response["x-photomill-ignored"] = to_header(", ".join(self.ignored))
        quota = find_quota(request)
        for name, value in quota.headers.items() if quota else ():
            response[name] = value
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


class NoSuchPath(DialectView):
    """What a dialect answers under its paths where it has none."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise UnknownPath("There is nothing at this path.")


def translate(error: Exception) -> PublicError:
    """Any exception as one of ours."""
    if isinstance(error, PUBLIC_ERRORS):
        return error
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge("The request is larger than this server takes.")
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("the database does not answer: %s", error)
        return Unavailable("The server cannot take requests at the moment. Try again in a few seconds.")
    if isinstance(error, exceptions.MethodNotAllowed):
        return WrongMethod("This path does not take this method.")
    if isinstance(error, exceptions.ParseError | exceptions.ValidationError | exceptions.UnsupportedMediaType):
        return MalformedRequest(str(error.detail))
    if isinstance(error, UnreadablePostError):
        return MalformedRequest("The body ended before it was complete.")
    if isinstance(error, SuspiciousOperation | BadRequest):
        return MalformedRequest("The request cannot be read.")
    if isinstance(error, Http404 | exceptions.NotFound):
        return UnknownPath("There is nothing at this path.")
    return Unexpected("The server failed on this request.")


def to_header(text: str) -> str:
    """The text as a header may carry it: printable ASCII, everything else escaped, cut where it gets long."""
    return text[:LONGEST_HEADER].encode("unicode_escape").decode("ascii")[:LONGEST_HEADER]


def to_storable(value: Any) -> Any:
    """A JSON value as every database keeps it.

    Databases refuse NUL, halves of surrogate pairs and numbers beyond the range of a float, all of which JSON can
    spell: they become U+FFFD and null.
    """
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {to_storable(key): to_storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [to_storable(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _check_levels(value: Any, left: int) -> None:
    if isinstance(value, dict | list):
        if not left:
            raise MalformedRequest(f"The body is nested more than {MAX_LEVELS} levels deep.")
        for inner in value.values() if isinstance(value, dict) else value:
            _check_levels(inner, left - 1)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")
