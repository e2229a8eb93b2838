"""Requests to Crop.photo's API, and what is expected of its answers."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

KEY, OTHER_KEY = "api_test1234", "api_other5678"
SUBMIT, LIST = "/v1/recipe/job/submit", "/v1/recipe/list"
CREATE, STATUS = "/v1/banners/with-mask/create", "/v1/banners/with-mask/status"
CROPS = ("auto-resize-align", "body-aware-crop", "unrecognizable-crop", "remove-background", "lifestyle")
NO_KEY = "Invalid API key. Please contact support to get the API access."


def call(client: Client, method: str, path: str, body: Any = None, *, key: str | None = KEY, **headers: str) -> Any:
    """One request with a JSON body where there is one. key: None for none."""
    if key is not None:
        headers = {"Authorization": f"Bearer {key}", **headers}
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return client.generic(method, path, data, content_type="application/json", headers=headers)


def post(client: Client, path: str, body: Any, **options: Any) -> Any:
    return call(client, "POST", path, body, **options)


def crop(client: Client, name: str, body: Any, **options: Any) -> Any:
    return post(client, f"/v1/crop/{name}", body, **options)


def problem(answer: HttpResponse, status: int, code: str) -> str:
    """The detail of an error, which is Crop.photo's envelope and whole."""
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == "application/json"
    body = json.loads(answer.content)
    assert list(body) == ["status", "type", "title", "detail"]
    assert body["status"] == status
    side = "server" if status >= 500 else "client"
    assert body["type"] == f"/exception/{side}_error/{code}"
    return str(body["detail"])


def read(answer: HttpResponse) -> Any:
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def submit_body(*urls: str, recipes: tuple[str, ...] = ("recipe-id-1",)) -> dict[str, Any]:
    return {"type": "RECIPE", "data": {"recipe_ids": [*recipes], "asset_detail": [{"url": url} for url in urls]}}
