"""Where a request comes from, and whether that is one of a list of addresses."""

import ipaddress
import re
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Range = tuple[Address, Address]
WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([\d.]+):\d+")


def find_client_address(request: HttpRequest) -> Address:
    """The caller's address: the socket's peer, or what a trusted proxy says of it.

    X-Forwarded-For is read from the right, as far as PHOTOMILL_TRUSTED_PROXIES wrote it.
    """
    peer = find_peer(request)
    hops = request.headers.get("x-forwarded-for", "").split(",")
    while is_listed(peer, settings.PHOTOMILL_TRUSTED_PROXIES) and hops:
        forwarded = _parse(hops.pop().strip())
        if forwarded is None:
            break
        peer = forwarded
    return peer


def comes_by_proxy(request: HttpRequest) -> bool:
    """Whether a trusted proxy sends this request: only what it says of the way here is believed."""
    return is_listed(find_peer(request), settings.PHOTOMILL_TRUSTED_PROXIES)


def is_listed(address: Address, ranges: Iterable[str]) -> bool:
    """Whether the address lies in one of the ranges."""
    plain = getattr(address, "ipv4_mapped", None) or address
    for text in ranges:
        first, last = parse_range(text)
        if first.version == plain.version and int(first) <= int(plain) <= int(last):
            return True
    return False


def parse_range(text: str) -> Range:
    """First and last address of `a.b.c.d`, `a.b.c.d/n` or `a.b.c.d-e.f.g.h`. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a text")
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(part.strip()) for part in text.split("-", 1))
            if first.version != last.version or int(first) > int(last):
                raise ValueError
            return first, last
        network = ipaddress.ip_network(text.strip(), strict=False)
        return network[0], network[-1]
    except ValueError:
        raise ValueError(f"{text!r} is neither an address nor a range of addresses") from None


def find_peer(request: HttpRequest) -> Address:
    """The address at the other end of the socket: the caller's own, or a proxy's."""
    return _parse(request.META.get("REMOTE_ADDR", "")) or ipaddress.ip_address("0.0.0.0")  # noqa: S104


def _parse(text: str) -> Address | None:
    """The address that a proxy or the socket names, without its port and its zone, which ranges do not have."""
    match = WITH_PORT.fullmatch(text)
    try:
        return ipaddress.ip_address((match[1] or match[2] if match else text).partition("%")[0])
    except ValueError:
        return None
