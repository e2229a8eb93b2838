"""Requests to Cropedly's API, and what is expected of its answers."""

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from accounts.models import Account, User
from accounts.tokens import issue_token
from tests.images import encode, ramps

PASSWORD = "pw"
LOGIN = "/auth/v1/login"
ENHANCE = "/images/v1"
IMAGES = "/images/v1/enterprise-resources/images"
UPLOAD = f"{IMAGES}/upload"
SHOP = "https://shop.example.com"
JPEG = encode(ramps((48, 36)), "JPEG", quality=90)
PNG = encode(ramps((40, 30)))
WEBP = encode(ramps((32, 24)), "WEBP", quality=90)
MEMBERS = ["timestamp", "status", "error", "message", "path"]
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
PHRASES = {413: "Payload Too Large"}


class Clock:
    """Says what time it is, as the module `time` does."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


def token_of(user: User) -> str:
    """A token as the login gives it."""
    return issue_token(user, address="127.0.0.1", agent="tests")


def call(client: Client, method: str, path: str, *, user: User | str | None = None, **options: Any) -> HttpResponse:
    """One request. user: who is logged in, or a token.

    options: `headers`, `data` (bytes as they are, else a form to be posted), and what Django's client takes.
    """
    token = token_of(user) if isinstance(user, User) else user
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    headers |= options.pop("headers", {})
    if isinstance(options.get("data", b""), bytes):
        return client.generic(method, path, headers=headers, **options)  # type: ignore[return-value]
    return client.post(path, headers=headers, **options)  # type: ignore[return-value]


def send_form(client: Client, path: str, form: dict[str, Any], **options: Any) -> HttpResponse:
    """A multipart form. Values: texts, files, or lists of them."""
    return call(client, "POST", path, data=form, **options)


def log_in(client: Client, email: str, password: str = PASSWORD, **options: Any) -> HttpResponse:
    return send_form(client, LOGIN, {"email": email, "password": password}, **options)


def file(data: bytes, name: str = "a.jpg", mime: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, mime)


def enhance(client: Client, user: User | str, *datas: bytes, **options: Any) -> HttpResponse:
    """Pictures sent to be enhanced, as 1.jpg, 2.jpg and so on."""
    files = [file(data, f"{number}.jpg") for number, data in enumerate(datas, 1)]
    return send_form(client, ENHANCE, {"images": files}, user=user, **options)


def upload(client: Client, user: User, *datas: bytes, **options: Any) -> HttpResponse:
    """Pictures sent to be kept."""
    files = [file(data, f"{number}.jpg") for number, data in enumerate(datas, 1)]
    return send_form(client, UPLOAD, {"images": files}, user=user, **options)


def list_images(client: Client, user: User) -> Any:
    answer = call(client, "GET", IMAGES, user=user)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def message(answer: HttpResponse, status: int, path: str | None = None) -> str:
    """The message of an error, which is Spring's and whole."""
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == "application/json"
    body = json.loads(answer.content)
    assert list(body) == MEMBERS
    assert TIMESTAMP.fullmatch(body["timestamp"])
    assert body["status"] == status
    assert body["error"] == PHRASES.get(status, HTTPStatus(status).phrase)
    assert path is None or body["path"] == path
    assert body["message"]
    return str(body["message"])


def stored(house: Path) -> list[str]:
    """The keys of all that lies in the house storage."""
    return sorted(str(path.relative_to(house)) for path in house.rglob("*") if path.is_file())


def credits_of(name: str) -> int | None:
    return Account.objects.get(name=name).credits
