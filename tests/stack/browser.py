"""A real browser that opens a page of ours, whose script reports what happened to it."""

import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = "/usr/bin/chromium"
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
)
PATIENCE_SECONDS = 60


def find_browser() -> str:
    """The browser's program. Skips where there is none; fails where PHOTOMILL_TEST_REQUIRE_BROWSER=1 asks for it."""
    found = shutil.which(CHROMIUM)
    if found is None:
        reason = f"needs a browser at {CHROMIUM} (apt install chromium)"
        if os.environ.get("PHOTOMILL_TEST_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass(frozen=True)
class Site:
    """A page, by its port, and what its script has sent back."""

    port: int
    outcomes: "queue.Queue[Any]"

    def visit(self, host: str, folder: Path) -> Any:
        """What the page reports when a browser opens it on this host. folder: for the browser's files."""
        command = [find_browser(), *OPTIONS, f"--user-data-dir={folder}", f"http://{host}:{self.port}/"]
        with (folder.parent / f"{folder.name}.log").open("wb") as log:
            browser = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            return self.outcomes.get(timeout=PATIENCE_SECONDS)
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()


@contextmanager
def serving(page: str) -> Iterator[Site]:
    """A server of this machine with one page. Its script reports by a POST of JSON to where it came from."""
    outcomes: queue.Queue[Any] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200 if self.path == "/" else 404, page.encode())

        def do_POST(self) -> None:
            outcomes.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.answer(200, b"")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Site(server.server_port, outcomes)
        server.shutdown()
