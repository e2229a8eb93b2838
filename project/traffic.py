"""Requests: each is written down in a line when it has been answered, counted and timed."""

import logging
import re
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram

log = logging.getLogger(__name__)

OURS = "photomill"
"""In the place of a dialect, for what belongs to none: the admin, health, files."""

QUIET = ("healthz", "readyz", "metrics", "static")
"""Routes that are asked for again and again by programs, and say nothing of anybody's work."""

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\[\]]|\[[^\]]*\])*\)")

registry = CollectorRegistry()
requests_total = Counter(
    "photomill_requests_total",
    "Requests that were answered.",
    ["dialect", "route", "method", "status"],
    registry=registry,
)
request_seconds = Histogram(
    "photomill_request_seconds",
    "Time from a request's head to its answer, in seconds.",
    ["dialect", "route"],
    buckets=SECONDS,
    registry=registry,
)


class TrafficMiddleware:
    """Comes after the request's id was given, and before all that may refuse the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        dialect, route = name_route(request)
        method = request.method if request.method in METHODS else "other"
        requests_total.labels(dialect, route, method, response.status_code).inc()
        request_seconds.labels(dialect, route).observe(seconds)
        if route not in QUIET:
            facts = {"dialect": dialect, "route": route, "method": method, "status": response.status_code}
            log.info("answered", extra=facts | {"milliseconds": round(seconds * 1000)})
        return response


def name_route(request: HttpRequest) -> tuple[str, str]:
    """The dialect and the route that answered. No part of the address itself: it may be a secret, or be anything."""
    match = request.resolver_match
    if match is None:
        return OURS, "static" if request.path.startswith(settings.STATIC_URL) else "none"
    view: Any = getattr(match.func, "view_class", getattr(match.func, "cls", None))
    dialect = getattr(view, "dialect_name", None)
    if dialect is not None:
        return dialect, spell_route(match.route)
    return OURS, match.route.removeprefix("^").partition("/")[0] or "/"


@cache
def spell_route(pattern: str) -> str:
    """A route as one would write it: `request/{process_id}` for `^request/(?P<process_id>[^/]+)/?$`."""
    text = GROUP.sub(r"{\1}", pattern.removeprefix("^").removesuffix("$").removesuffix("/?"))
    text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
    return text.replace(r"(?:/[\s\S]*)?", "/…").replace("(?:", "(")
