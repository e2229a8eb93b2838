"""By which names a server may be called that listens to more than this machine."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import psutil
import pytest

from project.hosts import list_hosts
from project.instance import Instance
from tests.services import find_free_ports

TESTS_OWN = ("PHOTOMILL_ALLOWED_HOSTS", "CELERY_BROKER_URL", "PHOTOMILL_CACHE_URL", "DATABASE_URL")


@pytest.mark.parametrize(
    ("listens_on", "hosts"),
    [("127.0.0.1", ["127.0.0.1"]), ("::1", ["[::1]"]), ("photos.example", ["photos.example"])],
)
def test_who_listens_on_one_address_is_called_by_it(listens_on: str, hosts: list[str]) -> None:
    assert list_hosts(listens_on) == hosts


@pytest.mark.parametrize("listens_on", ["0.0.0.0", "::"])
def test_who_listens_on_every_address_is_called_by_any_and_by_name_but_not_by_all_names(listens_on: str) -> None:
    found = list_hosts(listens_on)
    assert socket.gethostname().lower() in found
    assert any(host.endswith(".local") for host in found)
    assert "*" not in found
    addresses = [one for each in psutil.net_if_addrs().values() for one in each]
    ipv4 = {one.address for one in addresses if one.family == socket.AF_INET}
    ipv6 = {f"[{one.address.partition('%')[0]}]" for one in addresses if one.family == socket.AF_INET6}
    assert ipv4 | ipv6 <= {*found}


@pytest.mark.stack
def test_a_server_on_every_address_answers_by_this_machines_names_and_no_others(tmp_path: Path) -> None:
    (port,) = find_free_ports(1)
    instance = Instance(tmp_path / "data", host="0.0.0.0", port=port, env=dict.fromkeys(TESTS_OWN, ""))
    try:
        instance.start()
        instance.wait_ready()
        for host in (*list_hosts("0.0.0.0"), "localhost"):
            assert ask(port, f"{host}:{port}") == 200, host
        assert ask(port, "evil.example") == 400
    finally:
        instance.stop()


def ask(port: int, host: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz", headers={"host": host})
        return connection.getresponse().status
    finally:
        connection.close()
