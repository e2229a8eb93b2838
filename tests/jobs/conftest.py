"""What the tests of callbacks share."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account
from jobs.provisioning import provision
from tests.conftest import account_entry
from tests.jobs.deliveries import Clock, Ring
from tests.jobs.receivers import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes every message."""
    with receiving() as server:
        yield server


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[Ring]:
    """What was rung: the broker would have got these."""
    sent: list[Ring] = []

    def send(_app: Any, name: str, args: list[int], *, countdown: float | None = None, **_: Any) -> None:
        sent.append(Ring(name, args[0], countdown))

    monkeypatch.setattr("celery.Celery.send_task", send)
    monkeypatch.setattr("jobs.dispatch._quiet", {})
    return sent


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, to be put forward."""
    clock = Clock()
    monkeypatch.setattr("django.utils.timezone.now", clock.now)
    return clock


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Name servers of our own: the address of each host that they know."""
    table: dict[str, str] = {}
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **kw: real(table.get(host, host), *args, **kw))
    return table


@pytest.fixture
def house_folder(settings: Any, tmp_path: Path) -> Path:
    """A house storage of the test's own."""
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/house"
    return tmp_path / "house"


@pytest.fixture
def bob(alice: Account, bucket: Path) -> Account:
    """Another account, on the same customer's folder."""
    provision({"accounts": [account_entry("bob", bucket, number=2, secret="tokB")]})
    return Account.objects.get(name="bob")
