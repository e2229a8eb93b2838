"""Places that hold objects, one of each kind, each with a way to look at it that does not go through our code."""

import hashlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from storage import kinds
from storage.base import Storage
from storage.kinds.local import SCRATCH
from tests.services import SeaweedFS

KINDS = ("s3", "gcs", "local", "web_folder")
ON_S3 = ("s3", "gcs")
NOBODY = 65534


class Place(ABC):
    """A storage under test. `put`, `get` and `keys` are what somebody else does with the same place."""

    storage: Storage

    @abstractmethod
    def put(self, key: str, data: bytes) -> None: ...

    @abstractmethod
    def get(self, key: str) -> bytes: ...

    @abstractmethod
    def keys(self) -> set[str]:
        """Every object that lies there, under whatever name."""

    @abstractmethod
    def denying(self, key: str) -> Any:
        """A context in which this key must not be read; gives the storage to try it with."""


@cache
def make_client(server: SeaweedFS) -> Any:
    return server.client()


class S3Place(Place):
    """A bucket of a SeaweedFS, or a folder of it."""

    def __init__(self, server: SeaweedFS, bucket: str, path: str = "") -> None:
        self.server, self.bucket, self.path = server, bucket, path
        self.client = make_client(server)
        self.storage = self.open()

    def open(self, *, private: bool = False, credentials: dict[str, str] | None = None, **changes: str) -> Storage:
        keys = {"access_key": self.server.access_key, "secret_access_key": self.server.secret_key}
        parameters = {"bucket": self.bucket, "path": self.path, "endpoint_url": self.server.endpoint_url} | changes
        return open_s3(keys if credentials is None else credentials, private=private, **parameters)

    def folder(self, path: str) -> "S3Place":
        return S3Place(self.server, self.bucket, path)

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self) -> set[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return {row["Key"] for page in pages for row in page.get("Contents", [])}

    def empty(self) -> None:
        rows = [{"Key": key} for key in self.keys()]
        if rows:
            self.client.delete_objects(Bucket=self.bucket, Delete={"Objects": rows})

    @contextmanager
    def denying(self, key: str) -> Iterator[Storage]:
        yield self.open(credentials={"access_key": self.server.access_key, "secret_access_key": "wrong"})


class GcsPlace(S3Place):
    """The same behind Google's kind, whose address is then this server's."""

    def open(self, *, private: bool = False, credentials: dict[str, str] | None = None, **changes: str) -> Storage:
        keys = {"access_key": self.server.access_key, "secret_access_key": self.server.secret_key}
        given = keys if credentials is None else credentials
        checked = kinds.check("gcs", {"bucket": self.bucket, "path": self.path} | changes, given)
        return kinds.get("gcs").open(*checked, private=private)


class FolderPlace(Place):
    """What is kept in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def put(self, key: str, data: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.root.parent / f"{self.root.name}-new"
        scratch.write_bytes(data)
        scratch.replace(path)

    def get(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def keys(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}


class LocalPlace(FolderPlace):
    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.storage = kinds.get("local").open(*kinds.check("local", {"path": str(root)}, {}), private=False)

    @contextmanager
    def denying(self, key: str) -> Iterator[Storage]:
        path = self.root / key
        path.chmod(0)
        with without_rights(self.root):
            yield self.storage
        path.chmod(0o600)

    def scratch_files(self) -> list[str]:
        folder = self.root / SCRATCH
        return [path.name for path in folder.iterdir()] if folder.exists() else []


class WebPlace(FolderPlace):
    """A folder behind a web server. Below `denied/` it says 403."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.server = FolderServer(root)
        url = f"http://127.0.0.1:{self.server.server_port}/files"
        checked = kinds.check("web_folder", {"base_url": url}, {})
        self.storage = kinds.get("web_folder").open(*checked, private=False)

    @contextmanager
    def denying(self, key: str) -> Iterator[Storage]:
        self.server.denied.add(key)
        yield self.storage
        self.server.denied.remove(key)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class FolderServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), FolderHandler)
        self.root = root
        self.denied: set[str] = set()
        self.statuses: list[int] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class FolderHandler(BaseHTTPRequestHandler):
    server: FolderServer

    def do_GET(self) -> None:
        key = unquote(self.path.partition("?")[0]).removeprefix("/files/")
        path = self.server.root / key
        if key in self.server.denied:
            return self.reply(403)
        if not path.is_file():
            return self.reply(404)
        data = path.read_bytes()
        tag = f'"{hashlib.sha256(data).hexdigest()}"'
        if self.headers["if-none-match"] == tag:
            return self.reply(304)
        return self.reply(200, data, tag)

    def reply(self, status: int, data: bytes = b"", tag: str = "") -> None:
        self.server.statuses.append(status)
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Length", str(len(data)))
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def open_s3(credentials: dict[str, str] | None = None, *, private: bool = False, **parameters: str) -> Storage:
    """A storage on S3, as it is connected; with keys, unless it is given other credentials or none."""
    keys = {"access_key": "key", "secret_access_key": "secret"} if credentials is None else credentials
    checked = kinds.check("s3", {"bucket": "bucket"} | parameters, keys)
    return kinds.get("s3").open(*checked, private=private)


def every_call(storage: Storage) -> dict[str, Callable[[], object]]:
    """Each thing that a storage does over the network."""
    return {
        "read": lambda: storage.read("k", max_bytes=10_000_000),
        "read_if_changed": lambda: storage.read_if_changed("k", etag="tag", max_bytes=10_000_000),
        "write": lambda: storage.write("k", b"x", content_type="text/plain"),
        "delete": lambda: storage.delete("k"),
        "delete_many": lambda: storage.delete_many(["k", "l"]),
        "exists": lambda: storage.exists("k"),
        "measure": lambda: storage.measure("k"),
        "list": lambda: storage.list(""),
    }


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """As somebody who may look into the folder and who is not root, whom no mode bits stop."""
    if os.geteuid():
        yield
        return
    closed = [(path, path.stat().st_mode & 0o7777) for path in folder.parents if not path.stat().st_mode & 0o001]
    for path, mode in closed:
        path.chmod(mode | 0o011)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for path, mode in closed:
            path.chmod(mode)
