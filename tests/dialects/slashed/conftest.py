"""Three services of two customers, as SlashedCloud's users have them."""

from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from accounts.keys import hash_secret
from accounts.models import Account
from jobs.models import Service, ServiceSecret
from storage.models import Connection
from tests.dialects.slashed.calls import Clock
from tests.images import encode, noise, ramps, see_through


@pytest.fixture
def shop(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Alice's storage, with her services 1 (`tokA`) and 3 (`tokA3`, from 192.1.1.68 only) and Bob's 2 (`tokB`)."""
    # A storage stays open for some seconds, and the rows of every test may have the same numbers.
    monkeypatch.setattr("storage.connections._opened", {})
    folders = {name: tmp_path / name for name in ("alice", "bob")}
    for key, data in make_files().items():
        path = folders["alice"] / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    folders["bob"].mkdir()
    make_rows(folders)
    return folders["alice"]


@pytest.fixture
def service(shop: Path) -> Service:
    """Service 1."""
    return Service.objects.get(number=1)


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The rate limits' clock, which stands still, half a minute before the next whole one."""
    clock = Clock(1_800_000_030.0)
    monkeypatch.setattr("accounts.limits.time", clock)
    return clock


def make_rows(folders: dict[str, Path]) -> None:
    """Accounts, storages, services and secrets in a few statements: every test needs them."""
    accounts = Account.objects.bulk_create(Account(name=name) for name in folders)
    storages = [
        Connection(account=account, name="main", kind="local", parameters={"path": str(folders[account.name])})
        for account in accounts
    ]
    alice, bob = Connection.objects.bulk_create(storages)
    services = Service.objects.bulk_create(
        Service(number=number, account=storage.account, connection=storage, allowed_ips=ips)
        for number, storage, ips in ((1, alice, []), (2, bob, []), (3, alice, ["192.1.1.68"]))
    )
    ServiceSecret.objects.bulk_create(
        ServiceSecret(service=service, secret_hash=hash_secret(secret), last_four=secret[-4:])
        for service, secret in zip(services, ("tokA", "tokB", "tokA3"), strict=True)
    )


@cache
def make_files() -> dict[str, bytes]:
    """What lies in Alice's storage."""
    letterboxed = Image.new("RGB", (320, 240))
    letterboxed.paste(noise((320, 180)), (0, 30))
    return {
        "480x360/1.jpg": encode(ramps((480, 360)), "JPEG", quality=90),
        "watermark.png": encode(see_through((200, 200))),
        "letterbox.png": encode(letterboxed),
        "broken.jpg": b"this is no picture",
    }
