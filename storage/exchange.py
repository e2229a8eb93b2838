"""One request and its answer over a guarded connection: what `storage/http.py` and `storage/s3_sender.py` share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

import httpcore

from storage.addresses import Policy, Target
from storage.errors import TooLarge
from storage.sockets import GuardedBackend, time_left, tls_context

CONNECT_SECONDS = 5.0  # look-up and connection together; once more for TLS
ALWAYS = {"user-agent": "Photomill", "accept": "*/*", "accept-encoding": "identity"}

# All that httpcore raises when the other side does not play along.
FAILURES = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)

Reader = Callable[[httpcore.Response], bytes]


@dataclass(frozen=True)
class Request:
    """What is sent. `headers` have lower-case names."""

    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes | Iterator[bytes] | None = None


@dataclass(frozen=True)
class Response:
    """An answer with its body. `headers` have lower-case names; `address` is the IP address that was connected to."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    address: str


def open_pool(rules: Policy, *, idle_connections: int = 0) -> httpcore.ConnectionPool:
    """Return a pool whose connections all pass the guard; without idle connections each request gets its own."""
    return httpcore.ConnectionPool(
        ssl_context=tls_context(),
        max_connections=32,
        max_keepalive_connections=idle_connections,
        keepalive_expiry=15,
        network_backend=GuardedBackend(rules),
    )


def exchange(pool: httpcore.ConnectionPool, request: Request, read: Reader, *, idle_seconds: float) -> Response:
    """Send one request within the current deadline and let `read` take the body. Raises one of FAILURES."""
    target = request.target
    headers = {"host": target.authority} | ALWAYS | dict(request.headers)
    timeout = {"connect": CONNECT_SECONDS, "read": idle_seconds, "write": idle_seconds, "pool": time_left()}
    with pool.stream(
        request.method,
        httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
        headers=[(name.encode(), value.encode()) for name, value in headers.items()],
        content=request.body,
        extensions={"timeout": timeout},
    ) as answer:
        address = answer.extensions["network_stream"].get_extra_info("address")
        return Response(answer.status, read_headers(answer), read(answer), str(target), address)


def read_headers(answer: httpcore.Response) -> dict[str, str]:
    """Return the headers by lower-case name; repeated ones are joined, as RFC 9110 section 5.3 has it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("ascii").lower(), _decode(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def read_nothing(_: httpcore.Response) -> bytes:
    """Leave the body where it is."""
    return b""


def read_whole(answer: httpcore.Response, max_bytes: int) -> bytes:
    """Return the whole body. Raises TooLarge by what the server declares, or else as soon as it sends more."""
    too_large = TooLarge(f"The file is larger than the limit of {max_bytes} bytes.")
    if int(read_headers(answer).get("content-length", 0)) > max_bytes:
        raise too_large
    body = BytesIO()  # hands its bytes over without a copy
    for chunk in answer.iter_stream():
        if body.tell() + len(chunk) > max_bytes:
            raise too_large
        body.write(chunk)
    return body.getvalue()


def read_start(answer: httpcore.Response, max_bytes: int) -> bytes:
    """Return the first `max_bytes` of the body and read no further."""
    body = BytesIO()
    for chunk in answer.iter_stream():
        body.write(chunk)
        if body.tell() >= max_bytes:
            break
    return body.getvalue()[:max_bytes]
