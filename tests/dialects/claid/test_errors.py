"""Whatever goes wrong is said as Claid says it, never in HTML."""

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from accounts.models import Account
from jobs.dialects.claid.differences import PREFIXES
from jobs.dialects.claid.errors import CODES, OTHER, STATUSES
from jobs.errors import all_codes
from jobs.models import Job
from tests.dialects.claid.calls import ASYNC, BATCH, EDIT, MEMBERS, STORAGES, TYPES, UPLOAD, call, error_of, get, post

pytestmark = pytest.mark.django_db

PATHS = [
    *(EDIT, ASYNC, BATCH, UPLOAD, STORAGES, f"{STORAGES}/1", f"{ASYNC}/1", f"{BATCH}/1", "/v1/storage/storage-types"),
    *("/v1/image/generate", "/v1/scene/create", "/v1/image/ai-edit", "/v1/video/generate", "/v1/image/ai-edit/1"),
]
BROKEN = [b"", b"{", b'{"input": ', b"\xff\xfe", b"nothing", b'{"a": NaN}', b"[" * 100 + b"]" * 100, b'{"a": 1} x']


def test_every_error_has_a_number_and_a_family_that_claid_has() -> None:
    assert set(CODES) <= all_codes()
    assert {family for _, family in [*CODES.values(), OTHER]} <= TYPES
    assert all(code.isdigit() for code, _ in CODES.values())
    assert set(STATUSES) >= all_codes()


@pytest.mark.parametrize("path", [EDIT, ASYNC, BATCH, STORAGES, "/v1/image/generate"])
@pytest.mark.parametrize("body", BROKEN)
def test_what_is_no_json_is_a_400(client: Client, account: Account, path: str, body: bytes) -> None:
    said = error_of(post(client, path, body), 400, "general")
    assert said["error_details"] == {}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=x"])
def test_json_is_read_whatever_it_calls_itself(client: Client, account: Account, kind: str) -> None:
    headers = {"Authorization": "Bearer key-of-acme"}
    body = json.dumps({"input": "https://shop.example/a.jpg", "operations": {}})
    answer = client.generic("POST", ASYNC, body, kind, headers=headers)
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_wrong_method_is_said_with_the_right_ones(
    client: Client, account: Account, path: str, method: str, prefix: str
) -> None:
    answer = call(client, method, path.replace("/v1/", f"/{prefix}/", 1), b"{")
    assert answer.headers["content-type"] == "application/json"
    if answer.status_code == 405:
        error_of(answer, 405, "general")
        assert method not in answer.headers["allow"].split(", ")
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    "end",
    [
        *("/image", "/image/", "/image/edit/", "/image/edit/sync", "/image/edit/async/", "/image/edit/async/1/2"),
        *("/storage", "/storage/storages/", "/storage/storages/1/", "/scene", "/video/", "/storage/connectors"),
        *("/image/edit/a\nb", "/image/edit/%00", "/image/\udcff/x"),
    ],
)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_path_that_is_not_there_is_a_404(client: Client, account: Account, prefix: str, end: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = call(client, method, f"/{prefix}{end}".encode("utf-8", "surrogateescape").decode("latin-1"))
        error_of(answer, 404, "general")


@pytest.mark.parametrize("path", ["/v1-beta1", "/v1-beta1/", "/v1-beta1/crop", "/v1-beta1/recipe/list"])
def test_all_of_the_old_prefix_is_claid_s(client: Client, path: str) -> None:
    error_of(get(client, path), 404, "general")


def test_a_body_that_is_too_large_is_a_413(client: Client, account: Account, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    for path in (ASYNC, BATCH, STORAGES):
        error_of(post(client, path, b'"' + b"x" * 2000 + b'"'), 413, "general")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("abc", "value is not a valid integer"),
        ("1.5", "value is not a valid integer"),
        ("1e3", "value is not a valid integer"),
        ("%20", "value is not a valid integer"),
        ("9" * 5000, "value is not a valid integer"),
        ("0x10", "value is not a valid integer"),
    ],
)
def test_a_number_that_is_none_is_named(client: Client, account: Account, number: str, said: str) -> None:
    for path, name in ((ASYNC, "task_id"), (BATCH, "task_id"), (STORAGES, "storage_id")):
        found = error_of(get(client, f"{path}/{number}"), 422, "validation")
        assert found["error_details"] == {name: [said]}


@pytest.mark.parametrize("number", ["0", "-1", "999999999", "9" * 19, "9" * 40, "-" + "9" * 40])
def test_a_number_that_nobody_has_is_a_404(client: Client, account: Account, number: str) -> None:
    for path in (ASYNC, BATCH):
        said = error_of(get(client, f"{path}/{number}"), 404, "image")
        assert said["error_message"] == "Batch image edit pipeline not found."
    said = error_of(get(client, f"{STORAGES}/{number}"), 404, "storage")
    assert said["error_message"] == "Storage not found."


def test_a_database_that_is_down_is_a_503(client: Client, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> HttpResponse:
        raise OperationalError("db.internal is down")

    monkeypatch.setattr(Job.objects, "create", fail)
    answer = post(client, ASYNC, {"input": "https://shop.example/a.jpg", "operations": {}})
    error_of(answer, 503, "general")
    assert b"internal" not in answer.content
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("path", [*PATHS, "/v1/image/none", "/v1-beta1/none"])
def test_every_answer_has_an_id_and_is_not_kept(client: Client, account: Account, path: str) -> None:
    for key in (None, "key-of-acme"):
        answer = get(client, path, key=key)
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["x-request-id"]) == 36
        body = json.loads(answer.content)
        assert list(body) in (["data"], ["detail"], MEMBERS)
