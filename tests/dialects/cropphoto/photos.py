"""Pictures on the web: a server on 127.0.0.1 that has some, and counts how often each is fetched."""

import http.server
import io
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import skimage
from PIL import Image, ImageDraw, ImageFilter

from tests.images import encode

PRODUCT = (300, 200, 900, 800)
"""Where the product lies in product.jpg: left, top, right, bottom."""


@cache
def product() -> bytes:
    """A red box with a label on a light ground, 1200×900."""
    made = Image.new("RGB", (1200, 900), (236, 236, 232))
    draw = ImageDraw.Draw(made)
    draw.rectangle((300, 200, 899, 799), fill=(176, 32, 40))
    draw.rectangle((380, 300, 820, 520), fill=(240, 200, 60))
    draw.ellipse((500, 560, 700, 740), fill=(40, 60, 130))
    return encode(made.filter(ImageFilter.GaussianBlur(0.8)), "JPEG", quality=95)


@cache
def person() -> bytes:
    """The astronaut Eileen Collins, head to elbows, 512×512."""
    return (Path(skimage.__file__).parent / "data" / "astronaut.png").read_bytes()


@cache
def portrait() -> bytes:
    """The same before a grey wall, 1000×1500."""
    made = Image.new("RGB", (1000, 1500), (170, 170, 172))
    made.paste(Image.open(io.BytesIO(person())).convert("RGB").resize((1000, 1000)), (0, 500))
    return encode(made, "JPEG", quality=92)


@cache
def empty() -> bytes:
    return encode(Image.new("RGB", (800, 600), (128, 128, 128)), "JPEG")


CONTENTS = {
    "/product.jpg": product,
    "/person.png": person,
    "/person.jpg": portrait,
    "/empty.jpg": empty,
    "/page.html": lambda: b"<!doctype html><p>Not a picture</p>",
}


class Photos:
    """The server. fetched: how often each path was asked for."""

    def __init__(self) -> None:
        self.fetched: Counter[str] = Counter()
        photos = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                photos.fetched[path] += 1
                if path not in CONTENTS:
                    self.send_error(404)
                    return
                data = CONTENTS[path]()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving_photos() -> Iterator[Photos]:
    photos = Photos()
    photos.start()
    try:
        yield photos
    finally:
        photos.stop()
