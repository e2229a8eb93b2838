"""Requests to Photomill's own API. Every answer is held to what the API's description says of it."""

import json
import re
from functools import cache
from typing import Any

import yaml
from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

KEY, OTHER_KEY, READER = "api_native1234", "api_other5678", "api_reads9012"
RECIPES, JOBS = "/api/recipes", "/api/jobs"
FLIP = [{"operation": "flip", "params": {"direction": "horizontal"}}]
SMALL = [{"operation": "resize", "params": {"width": {"value": 40}}}]


@cache
def schema() -> Any:
    """The API's description, as it is served."""
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def call(client: Client, method: str, path: str, body: Any = None, *, key: str | None = KEY, **headers: str) -> Any:
    """One request with a JSON body where there is one. key: None for none."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    sent = {**({"Authorization": f"Bearer {key}"} if key else {}), **headers}
    answer = client.generic(method, path, data, content_type="application/json", headers=sent)
    check_described(method, path, answer)
    return answer


def get(client: Client, path: str, **options: Any) -> Any:
    return read(call(client, "GET", path, **options))


def post(client: Client, path: str, body: Any = None, *, status: int = 201, **options: Any) -> Any:
    return read(call(client, "POST", path, body, **options), status)


def send_form(client: Client, fields: dict[str, Any], *, key: str = KEY) -> Any:
    """A job as a form, with its files."""
    answer = client.post(JOBS, fields, headers={"Authorization": f"Bearer {key}"})
    check_described("POST", JOBS, answer)
    return answer


def read(answer: HttpResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


def refusal(answer: HttpResponse, status: int, code: str) -> tuple[str, str | None]:
    """The message and the field of an error, which has the one shape of errors."""
    assert answer.status_code == status, answer.content
    body = json.loads(answer.content)
    assert body.keys() == {"error"}
    assert list(body["error"]) == ["code", "message", "param", "request_id"]
    assert body["error"]["code"] == code, body
    assert body["error"]["request_id"] == answer["x-request-id"]
    return body["error"]["message"], body["error"]["param"]


def check_described(method: str, path: str, answer: HttpResponse) -> None:
    """Whatever is answered at a path of the description has a status and a body that stand there."""
    operation = find_operation(method, path)
    if operation is None:
        return
    described = operation["responses"].get(str(answer.status_code))
    assert described, f"{method} {path} answers {answer.status_code}, which is not described"
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in described["content"], f"{method} {path} answers in {kind}, which is not described"
    content = answer.content.decode()
    value = json.loads(content) if kind == "application/json" else content
    holder = {**described["content"][kind]["schema"], "components": schema()["components"]}
    Draft202012Validator(holder).validate(value)


def find_operation(method: str, path: str) -> Any:
    """What the description says of a method of a path; None where it says nothing."""
    plain = path.partition("?")[0]
    for known, methods in sorted(schema()["paths"].items(), key=lambda pair: pair[0].count("{")):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), plain) and method.lower() in methods:
            return methods[method.lower()]
    return None


def read_yaml(text: str) -> Any:
    return yaml.safe_load(text)
