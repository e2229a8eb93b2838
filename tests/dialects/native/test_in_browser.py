"""The page of the API's description in a real browser: it shows every operation, within its policy."""

import re
import socketserver
import subprocess
import threading
import wsgiref.simple_server
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.wsgi import get_wsgi_application

from tests.dialects.native.calls import schema
from tests.stack.browser import OPTIONS, find_browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SETTLED = "--virtual-time-budget=20000"
PATIENCE_SECONDS = 120


class _Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class _Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with wsgiref.simple_server.make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_page_shows_every_operation_and_breaks_no_rule_of_its_policy(address: str, tmp_path: Path) -> None:
    command = [find_browser(), *OPTIONS, "--enable-logging=stderr", f"--user-data-dir={tmp_path}/browser", SETTLED]
    done = subprocess.run(
        [*command, "--dump-dom", f"{address}/api/docs/"], capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    shown = set(re.findall(r'id="operations-(?!tag-)\w+-(\w+)"', done.stdout))
    known = {operation["operationId"] for methods in schema()["paths"].values() for operation in methods.values()}
    assert shown == known
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
