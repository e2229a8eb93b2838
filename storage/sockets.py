"""The sockets under `storage/http.py`: they connect only to an address that was judged, and end with their deadline.

Timeouts of a socket hold per call, so that a server which sends one byte every few seconds is never late. Here every
call gets what is left of the whole request's time.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Any

import httpcore

from storage.addresses import Policy

WRITE_BYTES = 65536  # small enough that a slow line shows progress within the idle limit

Place = tuple[socket.AddressFamily, tuple[Any, ...]]  # family and socket address, as the resolver gave them

_ends_at: ContextVar[float] = ContextVar("ends_at")


class AddressBlocked(httpcore.ConnectError):
    """The host resolves to an address that the policy does not allow; the text is for the log."""


@cache
def tls_context() -> ssl.SSLContext:
    """Return the context that trusts the system's authorities, those of certifi, and SSL_CERT_FILE."""
    return httpcore.default_ssl_context()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound everything inside to `seconds` in total. Nested deadlines never outlive the outer one."""
    ends_at = time.monotonic() + seconds
    token = _ends_at.set(min(ends_at, _ends_at.get(ends_at)))
    try:
        yield
    finally:
        _ends_at.reset(token)


def time_left(late: type[httpcore.TimeoutException] = httpcore.ReadTimeout, limit: float | None = None) -> float:
    """Return the seconds until the deadline, at most `limit`; raises `late` when there are none."""
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise late("the time for the whole request is used up")
    return left if limit is None else min(left, limit)


@contextmanager
def _translated(late: type[Exception], failed: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error


def _look_up(host: str, port: int, answers: "SimpleQueue[list[Place] | Exception]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        answers.put([(family, place) for family, _, _, _, place in found])
    except (OSError, UnicodeError) as error:
        answers.put(error)


def resolve(host: str, port: int) -> list[Place]:
    """Return all places of a host, within the current deadline.

    The C library's resolver knows no deadline, so it runs in a thread of its own, which is left behind when it is late.
    """
    answers: SimpleQueue[list[Place] | Exception] = SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answers), daemon=True).start()
    try:
        found = answers.get(timeout=time_left(httpcore.ConnectTimeout))
    except Empty:
        raise httpcore.ConnectTimeout(f"no answer from the name servers for {host}") from None
    if isinstance(found, Exception):
        raise httpcore.ConnectError(f"{host} does not resolve: {found}") from found
    return found


class GuardedStream(httpcore.NetworkStream):
    """A TCP or TLS connection whose every call ends with the current deadline."""

    def __init__(self, connected: socket.socket, address: str) -> None:
        self._socket = connected
        self._address = address

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what there is, at most `max_bytes`."""
        with _translated(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(time_left(httpcore.ReadTimeout, timeout))
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of `buffer`."""
        rest = memoryview(buffer)
        with _translated(httpcore.WriteTimeout, httpcore.WriteError):
            while rest:
                self._socket.settimeout(time_left(httpcore.WriteTimeout, timeout))
                rest = rest[self._socket.send(rest[:WRITE_BYTES]) :]

    def close(self) -> None:
        """Drop the connection."""
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "GuardedStream":
        """Shake hands; the certificate must be good for the name in the URL, whatever address that name led to."""
        try:
            with _translated(httpcore.ConnectTimeout, httpcore.ConnectError):
                self._socket.settimeout(time_left(httpcore.ConnectTimeout, timeout))
                wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
                return GuardedStream(wrapped, self._address)
        except (httpcore.NetworkError, httpcore.TimeoutException):
            self.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        """Answer what httpcore's pool and this client ask about a connection."""
        match info:
            case "address":
                return self._address
            case "ssl_object":
                return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
            case "is_readable":
                return self._is_readable()
        return None

    def _is_readable(self) -> bool:
        poll = select.poll()  # select.select knows no descriptor above 1023
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))


def _connect(place: Place, seconds: float) -> socket.socket:
    family, address = place
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.settimeout(seconds)
        connected.connect(address)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        connected.close()
        raise
    return connected


def _connect_first(places: list[Place]) -> GuardedStream:
    """Connect to the first place that answers, giving each an equal share of the time that is left."""
    for waiting, place in zip(range(len(places), 0, -1), places, strict=True):
        try:
            return GuardedStream(_connect(place, time_left(httpcore.ConnectTimeout) / waiting), place[1][0])
        except OSError:
            if waiting == 1:
                raise
    raise OSError("the name has no address")


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections for httpcore: resolves, judges every address, connects to what it judged."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> GuardedStream:
        """Return a connection to `host`. Raises AddressBlocked when any one of its addresses is not allowed."""
        with deadline(time_left(httpcore.ConnectTimeout, timeout)):
            places = resolve(host, port)
            self._judge(host, port, places)
            with _translated(httpcore.ConnectTimeout, httpcore.ConnectError):
                return _connect_first(places)

    def _judge(self, host: str, port: int, places: list[Place]) -> None:
        """One bad address condemns the name: a mixed answer is how a name is turned around under a check."""
        if not self._policy.allows_port(host, port):
            raise AddressBlocked(f"port {port} is not allowed")
        for _, place in places:
            refusal = self._policy.refusal(host, port, ip_address(place[0]))
            if refusal:
                raise AddressBlocked(f"{host}: {refusal}")
