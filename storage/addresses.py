"""Who may be reached: the rules for URLs, ports and addresses.

A host is never judged by its spelling. `2130706433`, `0x7f.1` and a name that its owner points at 127.0.0.1 all become
an address first, and the address is judged; `storage/sockets.py` then connects to that address and to no other.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

from django.conf import settings

from storage.errors import UrlRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL_CHARACTERS = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# The IANA special-purpose registries, and 168.63.129.16: Azure's machines answer there to any of their guests.
# `ipaddress.is_global` is not asked: what it says differs between releases of Python, and it calls multicast, NAT64,
# 6to4 and 192.88.99.0/24 global.
_CLOSED_V4 = _networks(
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
    *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4"),
)
# All that is routed lies in 2000::/3, so mapped, compatible, NAT64, local and multicast addresses fall away at once.
_ROUTED_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = _networks("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
_ISATAP = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))  # RFC 5214: an IPv4 address follows
_OWN = _networks(
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    *("::1/128", "fc00::/7"),
)
# Credentials are handed out here, inside networks that are otherwise somebody's own (Alibaba, AWS over IPv6).
_METADATA = _networks("100.100.100.200/32", "fd00:ec2::254/128")
_HOST = re.compile(r"[a-z0-9_.-]{1,253}")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:\\]*)(?::([0-9]{0,5}))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


def _within(address: Address, networks: Iterable[Network]) -> Network | None:
    return next((network for network in networks if address in network), None)


def closed_because(address: Address) -> str | None:
    """Say, for the log, why an address is not public; None for a public one."""
    if isinstance(address, IPv6Address):
        if address.scope_id or address not in _ROUTED_V6:
            return f"{address} is outside {_ROUTED_V6}"
        if address.packed[8:12] in _ISATAP:
            return f"{address} is an ISATAP address"
    network = _within(address, _CLOSED_V4 if isinstance(address, IPv4Address) else _CLOSED_V6)
    return f"{address} is in {network}" if network else None


@dataclass(frozen=True)
class Policy:
    """Whom Photomill may call beside public addresses on ports 80 and 443.

    `networks` are reachable although they are not public. `ports` are the ports of a URL (None: any). `openings` are
    single places of a storage that its operator marked private: there the port is free, and the address may be one
    that organisations use inside, but never link-local, multicast or a metadata service.
    """

    networks: tuple[Network, ...] = ()
    ports: frozenset[int] | None = frozenset({80, 443})
    openings: frozenset[tuple[str, int]] = frozenset()

    def opening(self, host: str, port: int) -> "Policy":
        """Return this policy with one more place opened. Raises UrlRefused for what is not a host."""
        return replace(self, openings=self.openings | {(_clean_host(host), port)})

    def allows_port(self, host: str, port: int) -> bool:
        """Say whether this port may be asked for at this host."""
        return self.ports is None or port in self.ports or (host, port) in self.openings

    def refusal(self, host: str, port: int, address: Address) -> str | None:
        """Say, for the log, why `host`, which resolved to `address`, must not be called; None when it may be."""
        if self._names(address) or self._opens(host, port, address):
            return None
        return closed_because(address)

    def _names(self, address: Address) -> bool:
        # `localhost` is ::1 as well on most machines, and whoever opens 127.0.0.0/8 means it.
        same = IPv4Address("127.0.0.1") if address == IPv6Address("::1") else address
        return bool(_within(address, self.networks) or _within(same, self.networks))

    def _opens(self, host: str, port: int, address: Address) -> bool:
        own = _within(address, _OWN) and not _within(address, _METADATA)
        return bool((host, port) in self.openings and own)


def policy() -> Policy:
    """Return the operator's policy: PHOTOMILL_ALLOWED_NETWORKS and PHOTOMILL_ALLOWED_PORTS."""
    ports = settings.PHOTOMILL_ALLOWED_PORTS
    return Policy(
        networks=tuple(ip_network(text, strict=False) for text in settings.PHOTOMILL_ALLOWED_NETWORKS),
        ports=None if "*" in ports else frozenset(map(int, ports)),
    )


def _clean_host(text: str) -> str:
    """Return a host as it is resolved and compared: ASCII, lower case, no brackets, no final dot."""
    try:
        if ":" in text or text.startswith("["):
            return str(IPv6Address(text.removeprefix("[").removesuffix("]")))
        host = text.removesuffix(".").encode("idna").decode("ascii").lower().removesuffix(".")
    except ValueError as error:
        raise UrlRefused("The URL has no valid host name.") from error
    if not _HOST.fullmatch(host):
        raise UrlRefused("The URL has no valid host name.")
    return host


def _literal(host: str) -> Address | None:
    """Return the address that a host spells, in every way that the C library reads; None for a name to look up."""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host) if ":" in host else IPv4Address(socket.inet_aton(host))
    except (ValueError, OSError):
        return None


@dataclass(frozen=True)
class Target:
    """A URL taken apart. What is sent is built from these parts and never from the text again."""

    scheme: str
    host: str
    port: int
    path: str  # with the query, beginning with "/"

    @classmethod
    def parse(cls, url: str) -> "Target":
        """Take a URL apart. Raises UrlRefused for all but an http or https URL with a host and without a user name."""
        if len(url) > MAX_URL_CHARACTERS or url != url.strip() or _CONTROL.search(url):
            raise UrlRefused("The URL is too long or contains characters that no URL may contain.")
        try:
            scheme, authority, path, query, _ = urlsplit(url)
            path = quote(path or "/", safe=_VISIBLE) + (quote(f"?{query}", safe=_VISIBLE) if query else "")
        except ValueError as error:
            raise UrlRefused("The URL is not valid.") from error
        if scheme not in DEFAULT_PORTS:
            raise UrlRefused("The URL must begin with http:// or https://.")
        if "@" in authority:
            raise UrlRefused("The URL must not contain a user name or a password.")
        match = _AUTHORITY.fullmatch(authority)
        port = int(match[2] or DEFAULT_PORTS[scheme]) if match else 0
        if not match or not 0 < port < 65536:
            raise UrlRefused("The URL has no valid host name and port.")
        return cls(scheme, _clean_host(match[1]), port, path)

    @property
    def authority(self) -> str:
        """Host and port as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a browser calls the same origin."""
        return self.scheme, self.host, self.port

    @property
    def place(self) -> str:
        """The URL without its query, which may hold a signature: fit for logs."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def check_target(target: Target, rules: Policy) -> None:
    """Raise UrlRefused for what needs no look-up to be refused: a closed port, a literal address that is not public."""
    if not rules.allows_port(target.host, target.port):
        raise UrlRefused(f"Port {target.port} is not among those of PHOTOMILL_ALLOWED_PORTS.")
    address = _literal(target.host)
    if address and rules.refusal(target.host, target.port, address):
        raise UrlRefused(f"{target.host} is not public and not in a network of PHOTOMILL_ALLOWED_NETWORKS.")
