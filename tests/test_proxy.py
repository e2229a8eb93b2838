"""The proxy of compose's profile tls, run for real before a web server that says what it was told."""

import json
import os
import shutil
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.services import find_free_ports

CADDYFILE = Path(__file__).parent.parent / "deploy" / "caddy" / "Caddyfile"
AUTHORITY = "caddy/pki/authorities/local/root.crt"
SPOOFED = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example"}

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed: apt install caddy")


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        size = len(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps({"size": size, **{name.lower(): value for name, value in self.headers.items()}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@dataclass(frozen=True)
class Proxy:
    """It, where it listens, and whom it must be trusted by."""

    http: str
    https: str
    authority: Path

    def post(self, data: bytes, **headers: str) -> dict[str, Any]:
        """What the web server behind it was told."""
        trusted = ssl.create_default_context(cafile=str(self.authority))
        request = urllib.request.Request(f"{self.https}/request", data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=20, context=trusted) as answer:
            told: dict[str, Any] = json.loads(answer.read())
        return told


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("caddy")
    web = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    plain, secure = find_free_ports(2)
    # 80 and 443 may be somebody else's here, and this machine need not trust what is made for a test.
    options = f"admin off\n\thttp_port {plain}\n\thttps_port {secure}\n\tskip_install_trust"
    (folder / "Caddyfile").write_text(CADDYFILE.read_text().replace("admin off", options))
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    environment |= {"XDG_CONFIG_HOME": str(folder), "PHOTOMILL_WEB": f"127.0.0.1:{web.server_port}"}
    command = ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        made = Proxy(f"http://localhost:{plain}", f"https://localhost:{secure}", folder / AUTHORITY)
        await_answer(made, folder / "log")
        yield made
    finally:
        process.terminate()
        process.wait(timeout=20)
        web.shutdown()
        web.server_close()


def await_answer(proxy: Proxy, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            proxy.post(b"")
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        else:
            return


def test_what_a_caller_says_of_the_way_here_is_thrown_away(proxy: Proxy) -> None:
    told = proxy.post(b"{}", **SPOOFED)
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert told["x-forwarded-host"] == told["host"] == proxy.https.removeprefix("https://")


def test_uploads_of_every_size_pass(proxy: Proxy) -> None:
    assert proxy.post(bytes(30_000_000))["size"] == 30_000_000


def test_http_leads_on_to_https(proxy: Proxy) -> None:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(Stay).open(f"{proxy.http}/request?a=1", timeout=20)
    headers: Message = caught.value.headers
    assert caught.value.code == 308
    # The port of https is the usual one to callers, wherever it is here.
    assert headers["Location"] == "https://localhost/request?a=1"
