"""The body of a request: anything that is JSON, whatever it is called, and nothing else."""

import codecs
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.dialects.slashed.calls import call, dump, post, refusal, request_of, taken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

PATHS = [("POST", "/request"), ("POST", "/retry"), ("POST", "/request/retry"), ("PUT", "/request")]
NO_JSON = [
    *(b"", b" ", b"\n", b"{", b"}", b"[", b'"', b"'", b"nul", b"undefined", b"{,}", b"{'a': 1}", b'{"a": 1,}'),
    *(b'{"a": 1} x', b'{"a" 1}', b"service_id=1&source=a", b"<a/>", b'{"a": NaN}', b'{"a": Infinity}'),
    *(b'{"a": -Infinity}', b'{"a": 01}', b'{"a": "\xff"}', b"\xff\xfe\x00", b"\x00", b'{"a": "\n"}'),
    b'{"a": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("body", NO_JSON)
@pytest.mark.parametrize(("method", "path"), PATHS)
def test_what_is_not_json_is_refused(client: Client, method: str, path: str, body: bytes) -> None:
    assert "JSON" in refusal(call(client, method, path, body))


@pytest.mark.parametrize("body", [[], [1], "text", 5, 1.5, True, b"null"])
@pytest.mark.parametrize(("method", "path"), PATHS)
def test_json_that_is_no_object_is_refused(client: Client, method: str, path: str, body: Any) -> None:
    assert refusal(call(client, method, path, body)) == "The body must be an object"


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded"),
        *("multipart/form-data; boundary=x", "application/octet-stream", "image/png", "nonsense", ""),
    ],
)
def test_json_is_taken_whatever_its_content_type_says(client: Client, content_type: str) -> None:
    taken(post(client, "/request", request_of(), content_type=content_type))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_is_taken_in_every_encoding_that_json_may_have(client: Client, encoding: str) -> None:
    body = json.dumps(request_of(source="/\xfc/\u65e5\u672c.jpg"), ensure_ascii=False)
    job = taken(post(client, "/request", body.encode(encoding)))
    assert job.items.get().name == "\xfc/\u65e5\u672c.jpg"


def test_a_body_that_is_accepted_is_answered_in_json_whatever_was_asked_for(client: Client) -> None:
    for accept in ("text/html", "application/xml", "image/*", ""):
        answer = post(client, "/request?format=xml", request_of(), headers={"Accept": accept})
        taken(answer)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("levels", [65, 200, 900, 100_000])
@pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_refused_and_breaks_nothing(client: Client, levels: int, start: bytes, end: bytes) -> None:
    deep = start * levels + b"1" + end * levels
    refusal(post(client, "/request", dump(request_of(deep="<deep>")).replace(b'"<deep>"', deep)))


def test_nesting_that_nobody_will_miss_is_taken(client: Client) -> None:
    deep = b"[" * 60 + b"]" * 60
    taken(post(client, "/request", dump(request_of(deep="<deep>")).replace(b'"<deep>"', deep)))


def test_the_last_of_two_fields_with_one_name_counts(client: Client) -> None:
    body = dump(request_of())[:-1] + b', "source": "/b.jpg"}'
    assert taken(post(client, "/request", body)).items.get().name == "b.jpg"


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_body_over_the_limit_is_413(client: Client, settings: Settings, method: str, path: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    refusal(call(client, method, path, request_of(filling="x" * 1000)), 413)


def test_a_body_at_the_limit_is_taken(client: Client, settings: Settings) -> None:
    body = dump(request_of(filling="x" * 1000))
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = len(body)
    taken(post(client, "/request", body))


def test_a_body_of_megabytes_is_413_by_default(client: Client) -> None:
    refusal(post(client, "/request", b" " * 2_000_001), 413)


class BrokenStream:
    """The body of a client that hangs up in the middle of it."""

    def read(self, *_: int) -> bytes:
        raise ConnectionResetError("the client is gone")

    readline = read


def test_a_client_that_hangs_up_in_its_body_is_no_fault_of_the_server(client: Client) -> None:
    answer = post(client, "/request", request_of(), **{"wsgi.input": BrokenStream()})
    assert refusal(answer) == "The body ended before it was complete."


def test_bytes_that_are_half_a_surrogate_pair_are_refused_where_they_matter(client: Client) -> None:
    body = dump(request_of(source="<half>")).replace(b"<half>", codecs.encode("\ud800", "utf-8", "surrogatepass"))
    assert refusal(post(client, "/request", body)).startswith("source ")
