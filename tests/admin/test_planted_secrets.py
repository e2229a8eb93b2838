"""Secrets that are known beforehand are looked for everywhere: in pages, answers, logs, messages and the database."""

import base64
import logging
import re
import time
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.contrib.sessions.models import Session as BrowserSession
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.keys import create_key
from accounts.models import Role
from accounts.second_factor import finish_setup, start_setup
from accounts.tokens import issue_token
from jobs import dialects
from jobs.secrets import issue_secret, issue_signing_secret
from tests.accounts.codes import code_at
from tests.admin.conftest import log_in
from tests.admin.tenants import Tenant
from tests.admin.test_shown_secrets import every_path, read_secret, service_url

pytestmark = pytest.mark.django_db

PLANTED = {
    "password": "planted-password-Wq7",
    "API key": "api_planted-key-Zx9-0123456789",
    "service secret": "svc_planted-secret-Kd3-0123456789",
    "callback secret": "whsec_" + base64.b64encode(b"planted-callback-secret-Tv5-0123").decode(),
    "S3 access key": "AKIAPLANTEDKEY012345",
    "S3 secret key": "planted-S3-secret-Jm8-0123456789",
}
OWN = {
    "signing key": settings.SECRET_KEY,
    "encryption key": settings.PHOTOMILL_ENCRYPTION_KEYS[0],
    "token key": settings.PHOTOMILL_JWT_KEYS[0],
}
MORE_PAGES = [
    *("/admin/security/", "/admin/password_change/", "/admin/login/", "/admin/jsi18n/", "/admin/search/?s=a"),
    "/accounts/password/forgot/",
]
BODIES: list[Any] = [{}, {"service_id": 11, "source": "a.jpg", "jobs": []}]


class Watch:
    """Everything that left the server or was written down, as one text to search in."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.secrets = dict(secrets)
        self.places: list[tuple[str, str]] = []

    def saw(self, where: str, text: str) -> None:
        self.places.append((where, f"{text}\n{unescape(text)}\n{unquote(text)}"))

    def saw_answer(self, where: str, answer: Any) -> Any:
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.saw(where, f"{answer.headers}\n{answer.cookies}\n{body.decode(errors='replace')}")
        return answer

    def find(self) -> list[tuple[str, str]]:
        """Which secret was seen where."""
        return [(name, where) for where, text in self.places for name, secret in self.secrets.items() if secret in text]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the broker was given."""
    found: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda *args, **more: found.append(repr((args, more))))
    return found


@pytest.fixture
def planted(a: Tenant, b: Tenant) -> Watch:
    """Alpha, with a known secret of every kind; and a person with a password and a second step."""
    a["connection"].credentials = {
        "access_key": PLANTED["S3 access key"],
        "secret_access_key": PLANTED["S3 secret key"],
    }
    a["connection"].save()
    create_key(a.account, name="planted", scopes=["image_editing", "admin"], secret=PLANTED["API key"])
    issue_secret(a["service"], PLANTED["service secret"])
    issue_signing_secret(a["service"], PLANTED["callback secret"])
    a["user"].set_password(PLANTED["password"])
    a["user"].is_staff = True
    a["user"].save()
    started = start_setup(a["user"])
    now = time.time() - 600
    codes = finish_setup(started, code_at(started, now), at=now)
    a["user"].refresh_from_db()
    raw = base64.b32decode(started.secret)
    second_step = {
        "TOTP secret": started.secret,
        "TOTP secret, small": started.secret.lower(),
        "TOTP secret, grouped": "-".join(re.findall("....", started.secret.lower())),
        "TOTP secret, hex": raw.hex(),
        "recovery code": codes[0],
        "recovery code, plain": codes[0].replace("-", "").upper(),
    }
    return Watch(PLANTED | OWN | second_step | {"token": issue_token(a["user"], address=None, agent="tests")})


def dump_database() -> str:
    """Every row of every table as text, and what is packed into sessions."""
    tables = connection.introspection.table_names()
    rows: list[Any] = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += [table, *cursor.fetchall()]
    assert "accounts_authenticator" in tables
    return repr(rows) + repr([session.get_decoded() for session in BrowserSession.objects.all()])


def api_paths() -> Iterator[str]:
    """A path for each pattern of each product's API."""
    for dialect in dialects.all().values():
        for pattern in dialect.urls:
            for path in simplify_regex(str(pattern.pattern)).split("|"):
                yield "/" + re.sub(r"<\w+>|[?\\{}\[\],]", "1", path).strip("/")


def call_every_api(watch: Watch, credential: str) -> set[int]:
    headers = {"authorization": f"Bearer {credential}"}
    client = Client(raise_request_exception=False)
    statuses = set()
    for path in {*api_paths()}:
        for method in ("get", "post", "put", "delete"):
            for body in BODIES if method in ("post", "put") else [None]:
                sent = {"data": body, "content_type": "application/json"} if body is not None else {}
                answer = getattr(client, method)(path, headers=headers, **sent)
                statuses.add(watch.saw_answer(f"{method} {path}", answer).status_code)
    return statuses


def finish(watch: Watch, caplog: pytest.LogCaptureFixture, rung: list[str]) -> None:
    watch.saw("database", dump_database())
    watch.saw("logs", "\n".join([caplog.text, *(repr(vars(record)) for record in caplog.records)]))
    watch.saw("broker", "\n".join(rung))
    assert watch.find() == []


@pytest.mark.parametrize("role", ["operator", "owner", "editor", "viewer", "stranger", "other tenant"])
def test_no_page_shows_a_planted_secret_to_anybody(
    role: str, planted: Watch, a: Tenant, b: Tenant, rung: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client()
    if role == "other tenant":
        client = log_in("owner@beta.example", b.account, Role.OWNER)
    elif role != "stranger":
        client = log_in(f"{role}@alpha.example", None if role == "operator" else a.account, role)
    paths = [*every_path(a), *MORE_PAGES]
    statuses = [planted.saw_answer(path, client.get(path)).status_code for path in paths]
    assert (200 in statuses[: len(paths) - len(MORE_PAGES)]) is (role != "stranger")
    planted.saw_answer("a try of the storage", client.post(storage_trial(a), {"key": ""}, follow=True))
    finish(planted, caplog, rung)


def storage_trial(tenant: Tenant) -> str:
    return reverse("admin:storage_connection_test_connection", args=[tenant["connection"].pk])


@pytest.mark.parametrize("name", ["API key", "service secret", "token", "nothing"])
def test_no_api_answers_with_a_planted_secret(
    name: str, planted: Watch, rung: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    credential = planted.secrets.get(name, "sent-by-nobody")
    statuses = call_every_api(planted, credential)
    assert 401 in statuses
    assert 500 not in statuses
    # Past the door it is the body, the plan or the path that is wrong.
    assert name not in ("service secret", "token") or statuses & {200, 400, 403}
    planted.places = [place for place in planted.places if not names_access_key(*place)]
    finish(planted, caplog, rung)


def names_access_key(where: str, text: str) -> bool:
    """Whether Claid's API describes one of the account's storages. It names the access key, and nothing that opens."""
    told = re.sub(re.escape(PLANTED["S3 access key"]), "", text)
    return where.endswith("/storage/storages/1") and not any(secret in told for secret in PLANTED.values())


def test_logging_in_and_failing_to_leaves_no_secret_behind(
    planted: Watch, a: Tenant, rung: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, email = Client(), a["user"].email
    tries = [
        ("/admin/login/", {"username": email, "password": PLANTED["password"]}),
        ("/admin/login/code/", {"code": planted.secrets["recovery code, plain"] + "x"}),
        ("/admin/login/", {"username": "nobody@x.example", "password": PLANTED["password"]}),
        ("/auth/v1/login", {"email": "nobody@x.example", "password": PLANTED["password"]}),
        ("/auth/v1/login", {"email": email, "password": PLANTED["password"] + "x"}),
    ]
    for path, sent in tries:
        planted.saw_answer(path, client.post(path, sent))
    planted.saw_answer("second step", client.post("/admin/login/code/", {"code": planted.secrets["recovery code"]}))
    assert client.get("/admin/").status_code == 200
    planted.saw_answer("security", client.get("/admin/security/"))
    finish(planted, caplog, rung)


def test_a_fault_while_a_secret_is_in_hand_does_not_write_it_down(
    planted: Watch, owner: Client, a: Tenant, rung: list[str], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("out of order")

    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("jobs.admin.services.issue_secret", fail)
    monkeypatch.setattr("accounts.forms.check_credentials", fail)
    monkeypatch.setattr("accounts.views.login.check_code", fail)
    owner.raise_request_exception = False
    sent = {"secret": "brought-along-Pb4-0123456789", "username": a["user"].email, "password": "typed-Gh2-0123456789"}
    planted.secrets |= {"brought along": sent["secret"], "typed": sent["password"]}
    for path in (service_url("import_secret", a["service"]), "/admin/login/"):
        answer = planted.saw_answer(path, owner.post(path, sent))
        assert answer.status_code == 500
    assert "out of order" in caplog.text
    finish(planted, caplog, rung)


def test_what_is_shown_once_is_on_that_page_and_nowhere_else(
    planted: Watch, owner: Client, a: Tenant, rung: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = {"name": "new", "scopes": ["storage"]}
    planted.secrets |= {
        "new secret": read_secret(owner.post(service_url("make_secret", a["service"]))),
        "new callback secret": read_secret(owner.post(service_url("replace_callback_secret", a["service"]))),
        "new key": read_secret(owner.post(reverse("admin:accounts_apikey_add"), sent)),
    }
    for path in every_path(a):
        planted.saw_answer(path, owner.get(path))
    finish(planted, caplog, rung)


def test_a_planted_secret_would_be_found(planted: Watch, a: Tenant) -> None:
    a["service"].name = f"shop of {PLANTED['API key']}"
    a["service"].save()
    planted.saw("database", dump_database())
    planted.saw("page", "&#x27;" + PLANTED["password"].replace("-", "&#45;"))
    assert planted.find() == [("API key", "database"), ("password", "page")]


@pytest.mark.parametrize("path", ["import_secret", "import_callback_secret", "key"])
def test_a_secret_that_is_refused_is_not_sent_back(
    path: str, planted: Watch, owner: Client, a: Tenant, rung: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = reverse("admin:accounts_apikey_add") if path == "key" else service_url(path, a["service"])
    name = "API key" if path == "key" else "service secret"
    answer = planted.saw_answer(path, owner.post(url, {"secret": PLANTED[name], "name": "x", "scopes": ["storage"]}))
    assert "errornote" in answer.content.decode() or answer.status_code == 400
    finish(planted, caplog, rung)
