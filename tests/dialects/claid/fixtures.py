"""The pictures that requests name, and the server that they are fetched from."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from PIL import Image

from tests.images import encode, ramps


@cache
def make_files() -> dict[str, bytes]:
    """The files of the server, by name."""
    block = Image.new("RGBA", (400, 300))
    block.paste(ramps((100, 100)), (150, 100))
    return {
        "200.jpg": encode(ramps((128, 128)), "JPEG", quality=90),
        "wide.jpg": encode(ramps((2880, 1440)), "JPEG", quality=80),
        "photo.jpg": encode(ramps((2000, 1500)), "JPEG", quality=80),
        "alpha.png": encode(block),
        "page.html": b"<!doctype html><title>no picture</title>",
        "ü 1.png": encode(ramps((20, 10))),
    }


class Web(ThreadingHTTPServer):
    """Gives the files to anybody. asked: the paths of all requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        data = make_files().get(unquote(self.path.partition("?")[0]).rpartition("/")[2])
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Web]:
    server = Web()
    yield server
    server.shutdown()
    server.server_close()
