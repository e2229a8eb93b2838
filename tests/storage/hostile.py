"""What an attacker brings: spellings of addresses that are not public, and servers that never let go."""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from typing import Any

from storage import http
from storage.addresses import Policy

# Addresses that nobody may reach unless an operator says so.
CLOSED_ADDRESSES = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8"),
    *("168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192"),
    *("192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.31.196.1", "192.52.193.1", "192.175.48.1"),
    # here, unspecified, local, multicast, documentation, discard, segment routing
    *("::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1", "100::1"),
    *("5f00::1", "2620:4f:8000::1"),
    # IPv4 in disguise: mapped, translated, compatible, NAT64 (both prefixes), 6to4, Teredo, ISATAP
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
    *("2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:470:1f0b::5efe:7f00:1"),
    *("2001:470:1f0b:0:200:5efe:7f00:1", "2001:20::1"),
]

# Hosts that the C library reads as one of those without asking a name server.
SPELLED_HOSTS = [
    # decimal, octal, hexadecimal, short, padded, mixed
    *("2130706433", "017700000001", "0x7f000001", "0x7F000001", "0177.0.0.1", "0177.00.00.01", "0x7f.0.0.1", "0x7f.1"),
    *("127.1", "127.0.1", "127.65530", "0", "0x0", "00000000177.1", "0x7f.0.0.0x1", "0177.0.0x1"),
    # 169.254.169.254
    *("2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "169.16689662", "0xA9.254.0251.0xFE"),
    # names, a final dot, other scripts' digits and dots
    *("localhost", "LocalHost", "localhost.", "any.localhost", "127.0.0.1."),
    *("①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "２１３０７０６４３３"),
    *("𝟏𝟐𝟕.𝟎.𝟎.𝟏", "loc\u00adalhost"),
    # longer and shorter ways to write IPv6
    *("[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::FFFF:7F00:1]", "[::7f00:1]", "[64:ff9b:0:0:0:0:127.0.0.1]"),
]

# URLs that are refused for what they are; {port} is the canary's.
MALFORMED_URLS = [
    *("http://public.example@127.0.0.1:{port}/", "http://127.0.0.1:{port}@public.example/", "http://u:p@1.1.1.1/"),
    *("http://@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@public.example/", "http://public.example\\@127.0.0.1/"),
    *("http://127.0.0.1:{port}\\.public.example/", "http://public.example%40127.0.0.1:{port}/"),
    *("http://127.0.0.%31:{port}/", "http://127.0.0.1%00.public.example/", "http://127.0.0.1 .public.example/"),
    *("http://[127.0.0.1]:{port}/", "http://[::1/", "http://::1]:{port}/", "http://public.example[::1]:{port}/"),
    *("http://[::1]public.example:{port}/", "http://[::1%25lo]:{port}/", "http://[v1.127.0.0.1]:{port}/"),
    *("http://127.0.0.1:{port}:80/", "http://1.1.1.1:0/", "http://1.1.1.1:65536/", "http://1.1.1.1:-1/"),
    *("http://1.1.1.1:8٠/", "http://1.1.1.1:80a/", "http://127.0.0.1:{port}\t/", "http://127.0.0.1\n:{port}/"),
    *(" http://127.0.0.1:{port}/", "http://127.0.0.1:{port}/\r\nX: y", "http://\x00127.0.0.1:{port}/"),
    *("http:///127.0.0.1:{port}/", "http:127.0.0.1:{port}/", "//127.0.0.1:{port}/", "127.0.0.1:{port}", "http://", ""),
    *("http://./", "http://a..b/", "http://℀.example/", "http://" + "a" * 300 + "/", "http://1.1.1.1/" + "a" * 9000),
    *("file:///etc/passwd", "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1:{port}/_GET", "ftp://127.0.0.1/"),
    *("dict://127.0.0.1:{port}/", "ldap://127.0.0.1/", "unix:///run/x.sock", "data:text/plain,x", "javascript:x"),
    *("jar:http://127.0.0.1:{port}!/", "ws://127.0.0.1:{port}/", "httpx://127.0.0.1:{port}/", "http\x00s://1.1.1.1/"),
]


def host_of(address: str) -> str:
    """An address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


HOSTILE_URLS = [
    *(f"http://{host_of(address)}:{{port}}/" for address in CLOSED_ADDRESSES),
    *(f"http://{host}:{{port}}/" for host in SPELLED_HOSTS),
    *(f"https://{host}:{{port}}/" for host in ("127.0.0.1", "[::1]", "2130706433")),
    *MALFORMED_URLS,
]


OK = b"HTTP/1.1 200 OK\r\n"
SECRET = b"the canary's secret"
ANY_PORT = Policy(ports=None)
LOOPBACK = Policy(ports=None, networks=(ip_network("127.0.0.0/8"),))
SECONDS = 0.4  # what an abusive server gets

connects: list[Any] = []
"""Every address that any socket of this process was told to connect to."""


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        connects.append(arguments[1])


sys.addaudithook(_note)

Behaviour = Callable[[socket.socket, bytes], None]


class RawServer:
    """A server of one behaviour: it gets the connection and the head of the request, and does as it likes."""

    def __init__(self, behave: Behaviour, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None):
        self.heads: list[bytes] = []
        self.accepted = self.hung_up = 0
        self.stopped = threading.Event()
        self._behave, self._tls = behave, tls
        self._listener = socket.create_server((host, port), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, host: str = "127.0.0.1", path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def close(self) -> None:
        self.stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.accepted += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(10)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                head = read_head(connection)
                self.heads.append(head)
                self._behave(connection, head)
        self.hung_up += 1


def read_head(connection: socket.socket) -> bytes:
    """What a client sent up to the empty line, or until it hung up."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            break
        head += part
    return head


@contextmanager
def serving(behave: Behaviour, **options: Any) -> Iterator[RawServer]:
    server = RawServer(behave, **options)
    try:
        yield server
    finally:
        server.close()


def answer(body: bytes = b"", *, status: str = "200 OK", headers: str = "") -> Behaviour:
    """A well-behaved answer."""
    head = f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\n\r\n"
    return lambda connection, _: connection.sendall(head.encode() + body)


def redirect(location: str, status: str = "302 Found"):
    return lambda connection, _: connection.sendall(
        f"HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode()
    )


def keep_sending(piece: bytes, *, head: bytes = b"", every_seconds: float = 0):
    def behave(connection, _):
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(every_seconds)

    return behave


def keep_quiet(connection, _):
    connection.recv(1)  # until the client hangs up


def fetch(
    url: str, *, policy: Policy = LOOPBACK, total_seconds: float = SECONDS, max_bytes: int = 1_000_000, **options
):
    return http.get(url, policy=policy, total_seconds=total_seconds, max_bytes=max_bytes, **options)


@contextmanager
def ends_in_time():
    """Fail unless the block ends within its total limit and a second."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SECONDS + 1
