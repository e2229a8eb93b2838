"""Requests to Claid's API, and what is expected of its answers."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client
from PIL import Image
from urllib3.filepost import encode_multipart_formdata

from tests.images import decode

KEY, STORAGE_KEY, OTHER_KEY, READER = "key-of-acme", "key-for-storages", "key-of-rival", "key-that-reads"
MEMBERS = ["error_code", "error_type", "error_message", "error_details"]
EDIT, ASYNC, BATCH, UPLOAD = (f"/v1/image/edit{end}" for end in ("", "/async", "/batch", "/upload"))
STORAGES = "/v1/storage/storages"
TYPES = {
    *("auth", "dlvr", "general", "le", "survey", "storage", "image", "user_settings", "user", "validation"),
    *("analytics", "scene", "billing", "web", "runtime_settings", "animation", "custom_models"),
}


def call(
    client: Client, method: str, path: str, body: Any = None, *, key: str | None = KEY, **more: Any
) -> HttpResponse:
    """One request. body: bytes as they are, anything else as JSON."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    headers |= more.pop("headers", {})
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return client.generic(method, path, data, "application/json", headers=headers, **more)  # type: ignore[return-value]


def post(client: Client, path: str, body: Any, **more: Any) -> HttpResponse:
    return call(client, "POST", path, body, **more)


def get(client: Client, path: str, **more: Any) -> HttpResponse:
    return call(client, "GET", path, **more)


Part = str | tuple[str | None, str | bytes, str]
"""A text, or a file's name (None: it is a text all the same), what is in it, and of which type it says it is."""


def send_form(
    client: Client, fields: dict[str, Part] | list[tuple[str, Part]], path: str = UPLOAD, **more: Any
) -> HttpResponse:
    """A multipart form, as another library writes it."""
    body, kind = encode_multipart_formdata(fields)
    headers = {"Authorization": f"Bearer {more.pop('key', KEY)}"}
    return client.generic("POST", path, body, kind, headers=headers, **more)  # type: ignore[return-value]


def data_of(answer: HttpResponse) -> Any:
    """What a successful answer holds."""
    assert answer.status_code == 200, answer.content
    body = json.loads(answer.content)
    assert list(body) == ["data"]
    return body["data"]


def error_of(answer: HttpResponse, status: int, kind: str) -> dict[str, Any]:
    """An error, whole and of this family."""
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == "application/json"
    body = json.loads(answer.content)
    said = body["detail"] if status == 429 else body
    assert list(said) == MEMBERS
    assert said["error_code"].isdigit()
    assert said["error_type"] == kind
    assert kind in TYPES
    assert said["error_message"].endswith(".")
    assert isinstance(said["error_details"], dict)
    assert all(isinstance(messages, list) and messages for messages in said["error_details"].values())
    return dict(said)


def faults_of(answer: HttpResponse) -> dict[str, list[str]]:
    """What is wrong with a request, by the paths of its fields."""
    said = error_of(answer, 422, "validation")
    assert said["error_code"] == "9000"
    sentences = [f"{path}: {message}." for path, messages in said["error_details"].items() for message in messages]
    assert said["error_message"] == " ".join(sentences)
    found: dict[str, list[str]] = said["error_details"]
    return found


def fetch(client: Client, url: str) -> Image.Image:
    """The picture that a link leads to, for anybody who has it."""
    answer = client.get(urlsplit(url).path)
    assert answer.status_code == 200, answer.content
    return decode(answer.content)
