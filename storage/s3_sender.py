"""Sends what botocore has signed through the guarded client, so that the address judged is the address used.

botocore resolves and connects by itself, and so would reach any endpoint that a customer names. Its `before-send` event
lets a handler answer in its place:

    client.meta.events.register("before-send.s3", send_for_s3(policy()))
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache, partial
from io import BytesIO
from typing import Any

import httpcore
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from storage.addresses import Policy, Target, check_target
from storage.exchange import FAILURES, Request, exchange, open_pool, read_nothing, read_whole
from storage.sockets import deadline

log = logging.getLogger(__name__)

IDLE_SECONDS = 60.0  # a server may think about a copy for a while
CHUNK_BYTES = 65536
# The first that fits. botocore's retries know the classes on the right.
AS_BOTOCORE: tuple[tuple[type[Exception], type[BotoCoreError]], ...] = (
    (httpcore.ConnectTimeout, ConnectTimeoutError),
    (httpcore.ConnectError, EndpointConnectionError),
    (httpcore.TimeoutException, ReadTimeoutError),
    (Exception, ConnectionClosedError),
)
# Waiting for "100 Continue" is not done here; and one connection may serve many requests.
NOT_SENT = frozenset({"expect", "connection"})


def send_for_s3(
    policy: Policy, *, total_seconds: float = 120, max_bytes: int = 100_000_000, pooled: bool = True
) -> Callable[..., AWSResponse]:
    """Return a handler for `before-send.s3`.

    Each attempt ends within `total_seconds`, body included. It raises UrlRefused for an endpoint that is never called
    and TooLarge for an object above `max_bytes`, which botocore passes on at once; everything else becomes an error of
    botocore's that it may retry. With `pooled`, connections are kept for the next call to the same host.
    """

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        outgoing = _translate(request)
        check_target(outgoing.target, policy)
        read = read_nothing if outgoing.method == "HEAD" else partial(read_whole, max_bytes=max_bytes)
        pool = nullcontext(_kept_pool(policy)) if pooled else open_pool(policy)
        with deadline(total_seconds), _as_botocore(outgoing.target), pool as connections:
            response = exchange(connections, outgoing, read, idle_seconds=IDLE_SECONDS)
        headers = HTTPHeaders.from_dict(response.headers)
        return AWSResponse(request.url, response.status, headers, RawBody(response.body))

    return send


class RawBody(BytesIO):
    """A body as botocore reads it: whole by `read`, in pieces by `stream`."""

    def stream(self, amount: int = CHUNK_BYTES, **_: Any) -> Iterator[bytes]:
        """Yield the body in pieces of `amount` bytes."""
        yield from iter(partial(self.read, amount), b"")


@lru_cache(maxsize=64)
def _kept_pool(rules: Policy) -> httpcore.ConnectionPool:
    return open_pool(rules, idle_connections=8)


# A forked worker must not share its parent's connections, nor a lock that a thread of the parent held.
os.register_at_fork(after_in_child=_kept_pool.cache_clear)


def _translate(request: AWSPreparedRequest) -> Request:
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    sent = {name: value for name, value in headers.items() if name not in NOT_SENT}
    return Request(request.method, Target.parse(request.url), sent, _body(request.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _body(body: Any) -> bytes | Iterator[bytes] | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str | bytearray):
        return body.encode() if isinstance(body, str) else bytes(body)
    return iter(partial(body.read, CHUNK_BYTES), b"") if hasattr(body, "read") else iter(body)


@contextmanager
def _as_botocore(target: Target) -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        log.info("no answer from %s: %s: %s", target.place, type(error).__name__, error)
        kind = next(ours for theirs, ours in AS_BOTOCORE if isinstance(error, theirs))
        raise kind(endpoint_url=target.place, error=error) from error
