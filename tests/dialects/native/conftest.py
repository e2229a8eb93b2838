"""Accounts of Photomill's own API, a storage, pictures on the web, and a worker."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.keys import create_key
from accounts.models import Account
from jobs.models import Recipe
from storage import connections
from storage.models import Connection
from tests.dialects.native.calls import FLIP, KEY, OTHER_KEY, READER, SMALL
from tests.images import encode, ramps


@pytest.fixture
def account(db: None, house: Path) -> Account:
    """Acme, with a key, one that may only read, and the recipes `small` and `flip`. Rival has a key alone."""
    made = Account.objects.create(name="acme")
    create_key(made, name="all", secret=KEY, scopes=["image_editing"])
    create_key(made, name="reads", secret=READER, scopes=["read_only"])
    create_key(Account.objects.create(name="rival"), name="all", secret=OTHER_KEY, scopes=["image_editing"])
    for name, steps in (("small", SMALL), ("flip", FLIP)):
        recipe = Recipe.objects.create(account=made, public_id=name, name=name.title())
        recipe.versions.create(number=1, steps=steps, output={"format": "jpeg"})
    return made


@pytest.fixture
def bucket(account: Account, tmp_path: Path) -> Path:
    """The folder behind Acme's storage `main`, with three pictures."""
    # Storages are kept open by their id, which another test's may have had.
    connections._opened.clear()
    folder = tmp_path / "bucket"
    for name in ("in/a.jpg", "in/b.jpg", "in/deep/a.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode(ramps((80, 60)), "JPEG"))
    Connection.objects.create(account=account, name="main", kind="local", parameters={"path": str(folder)})
    return folder


class Receiver:
    """A server that is told of things. got: headers and body of each message."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        got = self.got

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()
