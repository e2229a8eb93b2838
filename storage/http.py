"""The only outbound HTTP client: sources, callbacks and S3 calls all leave through here.

What it bounds, always: who is reached (`storage/addresses.py`), the total time with name resolution, the bytes, the
redirects. It takes no proxy from the environment, keeps no cookies and decodes no compressed answer.
"""

import logging
from collections.abc import Mapping
from functools import partial
from urllib.parse import urljoin

import httpcore

from storage.addresses import Policy, Target, check_target, policy
from storage.errors import Unreachable, UrlRefused
from storage.exchange import (
    FAILURES,
    Reader,
    Request,
    Response,
    exchange,
    open_pool,
    read_headers,
    read_nothing,
    read_start,
    read_whole,
)
from storage.s3_sender import send_for_s3
from storage.sockets import deadline

__all__ = ["Policy", "Response", "get", "head", "policy", "post", "refuse_early", "send_for_s3"]

log = logging.getLogger(__name__)

IDLE_SECONDS = 15.0  # without a byte
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


def get(
    url: str,
    *,
    max_bytes: int,
    total_seconds: float,
    headers: Mapping[str, str] | None = None,
    max_redirects: int = 3,
    policy: Policy | None = None,
) -> Response:
    """Fetch a URL, following redirects; any final status is returned and the caller judges it.

    Raises UrlRefused (also for a redirect to such a URL, from https to http or one too many, and for a compressed
    answer), Unreachable, and TooLarge for more than `max_bytes`.
    """
    request = Request("GET", Target.parse(url), _lower(headers))
    with deadline(total_seconds):
        return _follow(request, partial(_read_source, max_bytes=max_bytes), max_redirects, _rules(policy))


def head(
    url: str,
    *,
    total_seconds: float,
    headers: Mapping[str, str] | None = None,
    max_redirects: int = 3,
    policy: Policy | None = None,
) -> Response:
    """Ask for the headers of a URL as `get` does; the body is empty."""
    request = Request("HEAD", Target.parse(url), _lower(headers))
    with deadline(total_seconds):
        return _follow(request, read_nothing, max_redirects, _rules(policy))


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    total_seconds: float = 15,
    max_bytes: int = 65536,
    policy: Policy | None = None,
) -> Response:
    """Send `body`. A redirect is an answer like any other; of a longer answer only `max_bytes` are kept.

    Raises UrlRefused and Unreachable.
    """
    request = Request("POST", Target.parse(url), _lower(headers), body)
    with deadline(total_seconds):
        return _send(request, partial(read_start, max_bytes=max_bytes), _rules(policy))


def refuse_early(url: str, *, policy: Policy | None = None) -> None:
    """Raise UrlRefused for a URL that needs no look-up to be refused, naming the setting that would open it."""
    check_target(Target.parse(url), _rules(policy))


def _rules(given: Policy | None) -> Policy:
    return given or policy()


def _lower(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _read_source(answer: httpcore.Response, max_bytes: int) -> bytes:
    if answer.status in REDIRECTS:
        return b""
    if read_headers(answer).get("content-encoding", "identity").lower() != "identity":
        raise UrlRefused("The server sent a compressed answer although none was asked for.")
    return read_whole(answer, max_bytes)


def _send(request: Request, read: Reader, rules: Policy) -> Response:
    """Send over a connection of its own, and say the one public sentence about every failure."""
    check_target(request.target, rules)
    try:
        with open_pool(rules) as pool:
            return exchange(pool, request, read, idle_seconds=IDLE_SECONDS)
    except FAILURES as error:
        log.info("no answer from %s: %s: %s", request.target.place, type(error).__name__, error)
        raise Unreachable from error


def _follow(request: Request, read: Reader, redirects: int, rules: Policy) -> Response:
    for _ in range(redirects + 1):
        response = _send(request, read, rules)
        location = response.headers.get("location")
        if response.status not in REDIRECTS or not location:
            return response
        request = _redirect(request, location)
    raise UrlRefused(f"The URL redirects more than {redirects} times.")


def _redirect(request: Request, location: str) -> Request:
    """Return the request for the next hop; what was meant for one origin is not carried to another."""
    try:
        target = Target.parse(urljoin(str(request.target), location))
    except ValueError as error:
        raise UrlRefused("The URL redirects to something that is no URL.") from error
    if (request.target.scheme, target.scheme) == ("https", "http"):
        raise UrlRefused("The URL redirects from https to http.")
    headers = request.headers
    if target.origin != request.target.origin:
        headers = {name: value for name, value in headers.items() if name not in SECRET_HEADERS}
    return Request(request.method, target, headers)
