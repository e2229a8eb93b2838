"""Bodies without a length, and heads that cannot be read: every product's API has an answer to both."""

import io
import json
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.client import encode_multipart
from gunicorn.http.errors import InvalidChunkSize
from rest_framework.request import Request as DialectRequest
from rest_framework.response import Response

from jobs import dialects
from jobs.dialect import Dialect, DialectView
from jobs.errors import MalformedRequest
from jobs.uploads import Inbox, read_form
from project.wsgi import Body, Request, application
from tests.dialects.test_every_dialect import first_words

pytestmark = pytest.mark.django_db

LIMIT = 1000
UNREADABLE = [
    "x/y; a*=nonsense''b",
    "application/json; charset*=nonsense''utf-8",
    "application/x-www-form-urlencoded; a*=nonsense''b",
    "multipart/form-data; boundary=x; a*=idna''%ff",
    "text/plain; a*=a\0''b",
]
READABLE = [
    *("x/y; a*=utf-8''%ff", "text/plain; charset=nonsense", "text/plain; charset=hex", "text/plain; charset=\0"),
    *(";;;", "a*=''"),
]


every_dialect = pytest.mark.parametrize("dialect", dialects.all().values(), ids=lambda dialect: dialect.name)


@pytest.fixture(autouse=True)
def limit(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = LIMIT


class Stream(io.BytesIO):
    """What a web server hands on of a body in chunks. With `breaks`, the client is gone before its end."""

    breaks = False

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if self.breaks and self.tell() == len(self.getvalue()):
            raise ConnectionResetError("gone")
        return data


def send(dialect: Dialect, stream: Stream, *, kind: str = "application/json", form: bool = False) -> HttpResponse:
    """What a view of the dialect answers that gives back the JSON that it read, or the fields of a form."""

    class Probe(DialectView):
        dialect_name = dialect.name

        def post(self, request: DialectRequest) -> Response:
            if not form:
                return Response(self.read_json())
            read_form(request._request, Inbox(most_files=0, largest_bytes=0, most_bytes=LIMIT))
            return Response(request._request.POST.dict())

    request = RequestFactory().generic("POST", "/", content_type=kind)
    request.META.pop("CONTENT_LENGTH", None)
    request.META |= {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_TYPE": kind}
    request._set_content_type_params(request.META)  # type: ignore[attr-defined]
    return Probe.as_view()(request).render()  # type: ignore[no-any-return]


@every_dialect
@pytest.mark.parametrize("size", [2, 100, LIMIT])
def test_json_without_a_length_is_read_to_its_end(dialect: Dialect, size: int) -> None:
    text = "x" * (size - 2)
    answer = send(dialect, Stream(json.dumps(text).encode()))
    assert (answer.status_code, json.loads(answer.content)) == (200, text)


@every_dialect
def test_json_without_a_length_is_read_no_further_than_the_limit(dialect: Dialect) -> None:
    # What stands within the limit is good JSON: only whoever looks further sees that it is too long.
    stream = Stream(b'"x"' + b" " * 1_000_000)
    answer = send(dialect, stream)
    assert answer.status_code == dialect.statuses["body_too_large"]
    assert stream.tell() == LIMIT + 1


@every_dialect
def test_json_that_breaks_off_is_refused(dialect: Dialect) -> None:
    stream = Stream(b'{"a": 1}')
    stream.breaks = True
    assert send(dialect, stream).status_code == dialect.statuses["malformed_request"]


@every_dialect
def test_no_body_at_all_is_refused(dialect: Dialect) -> None:
    assert send(dialect, Stream()).status_code == dialect.statuses["malformed_request"]


@every_dialect
def test_a_form_without_a_length_is_read_however_it_is_written(dialect: Dialect) -> None:
    fields = {"email": "ada@example.com", "password": "ä b&c"}
    urlencoded = send(dialect, Stream(urlencode(fields).encode()), kind="application/x-www-form-urlencoded", form=True)
    multipart = send(dialect, Stream(encode_multipart("x", fields)), kind="multipart/form-data; boundary=x", form=True)
    assert json.loads(urlencoded.content) == json.loads(multipart.content) == fields


@every_dialect
def test_a_form_without_a_length_is_held_to_the_limit(dialect: Dialect) -> None:
    body = urlencode({"a": "x" * LIMIT}).encode()
    answer = send(dialect, Stream(body), kind="application/x-www-form-urlencoded", form=True)
    assert answer.status_code == dialect.statuses["body_too_large"]


class BadChunks(io.BytesIO):
    """What gunicorn hands on of a body whose chunks are none."""

    def read(self, size: int | None = -1) -> bytes:
        raise InvalidChunkSize(b"zz")

    def readline(self, size: int | None = -1) -> bytes:
        raise InvalidChunkSize(b"zz")


@every_dialect
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_chunks_that_are_none_are_refused(dialect: Dialect, kind: str) -> None:
    stream: Any = Body(BadChunks(b"x"))
    answer = send(dialect, stream, kind=kind, form=kind.startswith("multipart"))
    assert answer.status_code == dialect.statuses["malformed_request"]


def test_a_body_is_read_by_lines_and_by_bytes() -> None:
    body = Body(io.BytesIO(b"a\nbc"))
    assert (body.readline(), body.read(1), body.readline(10), body.read()) == (b"a\n", b"b", b"c", b"")


# --- heads -------------------------------------------------------------------------------------------------------


def ask(path: str, content_type: str, method: str = "POST", **environ: Any) -> tuple[int, dict[str, str], bytes]:
    """What the web application answers, asked as a web server asks it."""
    given: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_TYPE": content_type, **environ}
    setup_testing_defaults(given)
    started: list[Any] = []
    body = b"".join(application(given, lambda status, headers: started.extend([status, headers])))
    return int(started[0].split()[0]), {name.lower(): value for name, value in started[1]}, body


@every_dialect
@pytest.mark.parametrize("content_type", UNREADABLE)
def test_a_content_type_that_cannot_be_read_is_refused_in_the_dialect_s_words(
    dialect: Dialect, content_type: str
) -> None:
    said = dialect.error_body(MalformedRequest("x"), RequestFactory().get("/"))
    for word in first_words(dialect):
        status, headers, body = ask(f"/{word}", content_type)
        assert status in (400, 404, 415), body
        assert headers["content-type"].startswith("application/json")
        assert headers["x-request-id"]
        assert status == 404 or set(said) <= set(json.loads(body))
        assert status == 404 or b"Content-Type" in body


@every_dialect
@pytest.mark.parametrize("content_type", READABLE)
def test_an_odd_content_type_that_can_be_read_is_no_fault(dialect: Dialect, content_type: str) -> None:
    for word in first_words(dialect):
        status, _, body = ask(f"/{word}", content_type, QUERY_STRING="ids=%61&x=%ff")
        assert 400 < status < 500 or b"Content-Type" not in body


@pytest.mark.parametrize("path", ["/admin/login/", "/accounts/password/forgot/"])
def test_a_page_refuses_it_too(path: str) -> None:
    for content_type in UNREADABLE:
        status, _, body = ask(path, content_type)
        assert (status, json.loads(body)) == (400, {"message": "The header Content-Type cannot be read."})


@pytest.mark.parametrize(("path", "expected"), [("/healthz", 200), ("/files/x", 404), ("/v1/nobody", 404)])
def test_where_nobody_reads_a_body_it_is_passed_over(path: str, expected: int) -> None:
    assert [ask(path, content_type, "GET")[0] for content_type in UNREADABLE] == [expected] * len(UNREADABLE)


def test_nothing_that_a_client_sends_says_that_its_head_is_unreadable() -> None:
    status, _, body = ask("/healthz", "", "GET", **{"HTTP_PHOTOMILL.UNREADABLE_HEADER": "x"})
    assert status == 200, body


@pytest.mark.parametrize("charset", ["hex", "utf-16", "latin-1", "idna", "undefined", "nonsense"])
def test_a_query_is_read_as_utf_8_whatever_the_head_says(charset: str) -> None:
    environ: dict[str, Any] = {"CONTENT_TYPE": f"x/y; charset={charset}", "QUERY_STRING": "a=%C3%A4"}
    setup_testing_defaults(environ)
    asked = Request(environ)
    assert (asked.GET["a"], asked.content_type) == ("ä", "x/y")


@every_dialect
def test_a_query_of_too_many_fields_is_no_fault_of_ours(dialect: Dialect) -> None:
    query = "&".join(f"ids={number}" for number in range(1100))
    for word in first_words(dialect):
        for method in ("GET", "POST", "DELETE"):
            status, headers, body = ask(f"/{word}", "text/plain; charset=utf-8", method, QUERY_STRING=query)
            assert 400 <= status < 500, body
            assert headers["content-type"].startswith("application/json")
