"""The pages in a real browser: what the policy forbids, they do not try; what they need, it allows."""

import re
import socketserver
import subprocess
import threading
import wsgiref.simple_server
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.utils.safestring import mark_safe

from tests.admin.tenants import Tenant
from tests.stack.browser import OPTIONS, find_browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SETTLED = "--virtual-time-budget=5000"
PATIENCE_SECONDS = 60
OUTSIDE = ["/admin/login/", "/accounts/password/forgot/", "/accounts/password/set/x/y/"]
INSIDE = [
    *("/admin/", "/admin/security/", "/admin/accounts/auditentry/", "/admin/jobs/service/add/"),
    *("/admin/jobs/recipe/add/", "/admin/recipes/import/", "/admin/run/"),
]


class _Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class _Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def site(operator: Client, a: Tenant) -> Iterator[Callable[[bool], str]]:
    """The address of this Photomill, for a stranger or for an operator who is logged in."""
    application, cookie = get_wsgi_application(), operator.cookies[settings.SESSION_COOKIE_NAME].value
    inside = threading.Event()

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        if inside.is_set():
            kept = [environ.get("HTTP_COOKIE", ""), f"{settings.SESSION_COOKIE_NAME}={cookie}"]
            environ["HTTP_COOKIE"] = "; ".join(filter(None, kept))
        return application(environ, start_response)

    with wsgiref.simple_server.make_server("127.0.0.1", 0, serve, _Server, _Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def address(is_inside: bool) -> str:
            (inside.set if is_inside else inside.clear)()
            return f"http://127.0.0.1:{server.server_port}"

        yield address
        server.shutdown()


def browse(url: str, folder: Path) -> tuple[str, str]:
    """The page as its scripts left it, and what the browser said on its console."""
    command = [find_browser(), *OPTIONS, "--enable-logging=stderr", f"--user-data-dir={folder}", SETTLED]
    done = subprocess.run([*command, "--dump-dom", url], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.parametrize(("path", "is_inside"), [*((p, False) for p in OUTSIDE), *((p, True) for p in INSIDE)])
def test_a_page_comes_alive_within_its_policy(
    path: str, is_inside: bool, site: Callable[[bool], str], tmp_path: Path
) -> None:
    page, console = browse(site(is_inside) + path, tmp_path / "browser")
    assert "<title>" in page
    assert console == ""
    # The theme takes this mark off when its scripts have begun to work.
    assert "x-cloak" not in re.findall(r"<html[^>]*>", page)[0]


def test_a_script_that_gets_into_a_page_does_not_run(
    site: Callable[[bool], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts.views.passwords import Done

    planted = "<script>document.title = 'broken in'</script><img src=x onerror=\"document.title = 'broken in'\">"
    monkeypatch.setitem(Done.extra_context, "text", mark_safe(planted))
    page, console = browse(f"{site(False)}/accounts/password/done/", tmp_path / "browser")
    assert "broken in'</script>" in page
    assert "<title>broken in" not in page
    assert console.count("Content Security Policy") >= 2
