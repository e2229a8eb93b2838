"""What crosses the border: headers on every answer, hosts, proxies, methods, and nothing of our insides."""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

import run
from accounts.models import User
from jobs.models import Job
from project.middleware import ANSWER_POLICY, PAGE_POLICY, BorderMiddleware
from storage.house import house, make_link

ROOT = Path(run.__file__).parent
PUBLIC_URL = "https://photos.example.com"
PAGES = ["/admin/login/", "/admin/", "/accounts/password/forgot/", "/accounts/password/set/x/y/", "/admin/no/such/"]
ANSWERS = ["/healthz", "/request/1", "/auth/v1/login", "/nothing/here", "/files/not-a-ticket", "/"]


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("op@photomill.example", is_staff=True))
    return client


def directives(policy: str) -> dict[str, str]:
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in policy.split(";"))}


# --- headers -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*PAGES, *ANSWERS])
def test_every_answer_tells_browsers_to_be_careful(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert str(uuid.UUID(answer["x-request-id"])) == answer["x-request-id"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ANSWERS)
def test_an_answer_that_is_no_page_loads_and_runs_nothing(client: Client, path: str) -> None:
    assert client.get(path)["Content-Security-Policy"] == ANSWER_POLICY
    assert directives(ANSWER_POLICY)["default-src"] == "'none'"


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_scripts_of_this_server_alone_and_none_that_stands_in_it(client: Client, path: str) -> None:
    policy = directives(client.get(path)["Content-Security-Policy"])
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert not re.search(r"https?:|\*", PAGE_POLICY)


def test_the_pages_keep_to_their_own_policy(operator: Client) -> None:
    paths = [reverse("admin:index"), "/admin/security/", "/admin/accounts/user/add/", "/admin/jobs/job/"]
    for path in [*paths, "/accounts/password/forgot/"]:
        shown = operator.get(path).content.decode()
        assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", shown), path
        assert not re.findall(r"\son(?:click|load|change|submit|error|input)=", shown), path
        assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", shown), path


def test_a_view_that_knows_better_keeps_its_policy(tmp_path: Path, settings: Any, client: Client) -> None:
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}"
    house().write("a.jpg", b"x", content_type="image/jpeg")
    link = make_link("a.jpg", filename="a.jpg", content_type="image/jpeg")
    answer = client.get(link.removeprefix(settings.PHOTOMILL_PUBLIC_URL))
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("proto", "hsts"), [("https", "max-age=31536000"), ("http", None), (None, None)])
def test_browsers_are_kept_to_https_once_they_came_by_it(
    proto: str | None, hsts: str | None, client: Client, settings: Any
) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.PHOTOMILL_TRUSTED_PROXIES = ["127.0.0.1"]
    headers = {"x-forwarded-proto": proto} if proto else {}
    assert Client(headers=headers).get("/healthz").get("Strict-Transport-Security") == hsts


@pytest.mark.parametrize(("peer", "believed"), [("10.0.0.7", True), ("192.0.2.1", False), ("", False)])
def test_only_a_trusted_proxy_says_that_a_request_came_by_https(peer: str, believed: bool, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.PHOTOMILL_TRUSTED_PROXIES = ["10.0.0.0/8"]
    request = RequestFactory().get("/", headers={"x-forwarded-proto": "https"}, REMOTE_ADDR=peer)
    seen: list[bool] = []
    BorderMiddleware(lambda request: seen.append(request.is_secure()) or {})(request)  # type: ignore[arg-type,func-returns-value,return-value]
    assert seen == [believed]


# --- hosts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/admin/login/", "/request/1"])
def test_a_host_that_is_not_ours_is_refused_with_the_settings_that_name_hosts(
    path: str, client: Client, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["photos.example.com", "localhost"]
    answer = client.get(path, headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "PHOTOMILL_ALLOWED_HOSTS" in answer.json()["message"]
    assert "evil" not in answer.content.decode()
    assert answer["Content-Security-Policy"] == (PAGE_POLICY if path.startswith("/admin") else ANSWER_POLICY)


def read_settings(*names: str, **environment: str) -> dict[str, Any]:
    """Settings as a new process has them with this environment."""
    clean = {name: value for name, value in os.environ.items() if not re.match("PHOTOMILL_|DATABASE_URL|CELERY_", name)}
    code = f"import json; from project import settings as s; print(json.dumps([getattr(s, n, None) for n in {names}]))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=True
    )
    return dict(zip(names, json.loads(done.stdout), strict=True))


OWN = ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        ({}, ["127.0.0.1", *OWN]),
        ({"PHOTOMILL_PUBLIC_URL": PUBLIC_URL}, ["photos.example.com", *OWN]),
        ({"PHOTOMILL_PUBLIC_URL": "http://[fd00::2]:8000"}, ["[fd00::2]", *OWN]),
        (
            {"PHOTOMILL_PUBLIC_URL": PUBLIC_URL, "PHOTOMILL_ALLOWED_HOSTS": "nas.local,10.0.0.7"},
            ["photos.example.com", *OWN, "nas.local", "10.0.0.7"],
        ),
        ({"PHOTOMILL_ALLOWED_HOSTS": "*"}, ["127.0.0.1", *OWN, "*"]),
    ],
)
def test_hosts_are_the_public_one_this_machine_and_those_that_are_named(
    environment: dict[str, str], hosts: list[str], tmp_path: Path
) -> None:
    assert read_settings("ALLOWED_HOSTS", PHOTOMILL_DATA_DIR=str(tmp_path), **environment) == {"ALLOWED_HOSTS": hosts}


@pytest.mark.parametrize(
    ("environment", "mode"),
    [
        ({}, "off"),
        ({"PHOTOMILL_PUBLIC_URL": PUBLIC_URL}, "operators"),
        ({"PHOTOMILL_PUBLIC_URL": PUBLIC_URL, "PHOTOMILL_REQUIRE_2FA": "Staff"}, "staff"),
        ({"PHOTOMILL_PUBLIC_URL": PUBLIC_URL, "PHOTOMILL_REQUIRE_2FA": "off"}, "off"),
    ],
)
def test_operators_need_the_second_step_where_strangers_can_reach_the_login(
    environment: dict[str, str], mode: str, tmp_path: Path
) -> None:
    found = read_settings("PHOTOMILL_REQUIRE_2FA", PHOTOMILL_DATA_DIR=str(tmp_path), **environment)
    assert found == {"PHOTOMILL_REQUIRE_2FA": mode}


def test_cookies_are_for_https_alone_where_the_public_url_is(tmp_path: Path) -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_AGE")
    found = read_settings(*names, PHOTOMILL_DATA_DIR=str(tmp_path), PHOTOMILL_PUBLIC_URL=PUBLIC_URL)
    assert found == dict(zip(names, [True, True, 31_536_000, 8 * 3600], strict=True))
    assert read_settings(*names[:3], PHOTOMILL_DATA_DIR=str(tmp_path)) == dict.fromkeys(names[:3])


# --- methods and faults ------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*PAGES, *ANSWERS, "/readyz", "/request", "/images/v1"])
def test_no_path_answers_trace(client: Client, path: str) -> None:
    answer = client.generic("TRACE", path, headers={"authorization": "Bearer hidden-word", "x-mark": "hidden-word"})
    assert answer.status_code in (302, 401, 404, 405), path
    assert "hidden-word" not in answer.content.decode()
    assert "hidden-word" not in str(answer.headers)


@pytest.mark.django_db
def test_a_fault_of_ours_shows_nothing_of_our_insides(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("hidden-word")

    client.raise_request_exception = False
    monkeypatch.setattr("jobs.dialects.slashed.views.authenticate", fail)
    monkeypatch.setattr("project.health._try", fail)
    monkeypatch.setattr("accounts.views.passwords.can_send_mail", fail)
    for method, path in [("post", "/request"), ("get", "/readyz"), ("post", "/accounts/password/forgot/")]:
        answer = getattr(client, method)(path, {"email": "a@b.example"})
        assert answer.status_code == 500, path
        assert not re.search(r"hidden-word|Traceback|File \"|RuntimeError|/project/", answer.content.decode()), path
        assert answer["x-request-id"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_a_fault_of_the_admin_shows_nothing_of_our_insides(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("hidden-word")

    operator.raise_request_exception = False
    monkeypatch.setattr("jobs.admin.jobs.JobAdmin.get_queryset", fail)
    answer = operator.get("/admin/jobs/job/")
    assert answer.status_code == 500
    assert answer.json() == {"message": "The server failed on this request."}
    assert not Job.objects.exists()


# --- Django's own judgement --------------------------------------------------------------------------------------


def test_django_finds_nothing_to_warn_of_on_a_server(tmp_path: Path) -> None:
    environment = {
        "PHOTOMILL_DATA_DIR": str(tmp_path),
        "PHOTOMILL_PUBLIC_URL": PUBLIC_URL,
        "PHOTOMILL_TRUSTED_PROXIES": "10.0.0.1",
        "PHOTOMILL_SECRET_KEY": "0123456789abcdef" * 4,
        "PHOTOMILL_JWT_KEYS": "0123456789abcdef" * 4,
        "PHOTOMILL_ENCRYPTION_KEYS": "Zm9yLXRlc3RzLW9ubHktMDEyMzQ1Njc4OS1hYmNkZWY=",
        "PHOTOMILL_EMAIL_URL": "smtp+tls://user:word@mail.example:587",
    }
    clean = {name: value for name, value in os.environ.items() if not re.match("PHOTOMILL_|DJANGO_|CELERY_", name)}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=clean | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
