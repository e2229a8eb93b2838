"""The names and addresses by which browsers call this machine, when it listens to more than itself."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from project.programs import bracket

SIOCGIFADDR = 0x8915
IPV6_ADDRESSES = Path("/proc/net/if_inet6")
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def list_hosts(listens_on: str) -> list[str]:
    """What stands in the Host header of requests to a server that listens there."""
    if listens_on not in EVERY_ADDRESS:
        return [bracket(listens_on)]
    name = socket.gethostname().lower()
    names = {name, name.partition(".")[0], f"{name.partition('.')[0]}.local"}
    return sorted(names | {bracket(address) for address in (*_list_ipv4(), *_list_ipv6())})


def _list_ipv4() -> Iterator[str]:
    """The address of each interface that has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue
            yield socket.inet_ntoa(answer[20:24])


def _list_ipv6() -> Iterator[str]:
    try:
        lines = IPV6_ADDRESSES.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        yield str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0])))
