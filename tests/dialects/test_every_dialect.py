"""What every product's API has in common: it is whole, and says everything in its own words."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern
from rest_framework.request import Request
from rest_framework.response import Response

import accounts.errors
import processing.errors
import storage.errors
from jobs import dialects
from jobs.dialect import Dialect, DialectView
from jobs.errors import BodyTooLarge, JobError, MalformedRequest, PublicError, UnknownPath, all_codes

pytestmark = pytest.mark.django_db

DIALECTS = list(dialects.all().values())
PARTS = ("__init__.py", "urls.py", "views.py", "wire.py", "auth.py", "errors.py", "README.md")
FIRST_WORD = re.compile(r"\^?(?:\(\?[a-z:]*\)?)*/?([A-Za-z0-9_-]+)")

every_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


def first_words(dialect: Dialect) -> set[str]:
    """The first segments of the dialect's paths."""
    found = {FIRST_WORD.match(str(pattern.pattern)) for pattern in dialect.urls if isinstance(pattern, URLPattern)}
    return {match.group(1) for match in found if match}


CONTRACT_WORDS = frozenset({"bad_credentials", "no_credits", "payment_due", "unknown_path"})


def every_error() -> Iterator[PublicError]:
    """One error of each code."""
    own = {error.code: error for error in JobError.__subclasses__()}
    known = own | accounts.errors.all_codes() | storage.errors.all_codes() | processing.errors.all_codes()
    for code in sorted(all_codes()):
        kind: Any = known[code]
        yield kind(7) if kind is accounts.errors.TooManyRequests else kind("what happened", param="a.field")


def answer_of(dialect: Dialect, raised: Exception | None = None, body: bytes = b"") -> HttpResponse:
    """What a view of this dialect answers that reads a JSON body, or fails."""

    class Probe(DialectView):
        dialect_name = dialect.name

        def post(self, _request: Request) -> Response:
            if raised is not None:
                raise raised
            return Response(self.read_json())

    request = RequestFactory().post("/", body, content_type="text/plain")
    return Probe.as_view()(request).render()  # type: ignore[no-any-return]


def expect_words(dialect: Dialect, answer: HttpResponse, error: PublicError) -> None:
    """The answer has the status and the members that the dialect has for this error."""
    assert answer.status_code == dialect.statuses[error.code]
    assert answer.headers["content-type"].startswith("application/json")
    words = json.loads(json.dumps(dialect.error_body(error, RequestFactory().get("/"))))
    assert shape(json.loads(answer.content)) == shape(words)


def shape(body: Any) -> Any:
    """Names and types, without the values."""
    if isinstance(body, dict):
        return {name: shape(value) for name, value in body.items()}
    return [shape(value) for value in body[:1]] if isinstance(body, list) else type(body).__name__


def test_there_is_a_dialect() -> None:
    assert "slashed" in dialects.all()


@every_dialect
def test_a_dialect_has_all_its_parts(dialect: Dialect) -> None:
    folder = Path(dialects.__path__[0]) / dialect.name
    assert [part for part in PARTS if not (folder / part).is_file()] == []
    assert (folder / "README.md").read_text(encoding="utf-8").strip()


@every_dialect
def test_a_dialect_has_tests_of_its_own(dialect: Dialect) -> None:
    assert list((Path(__file__).parent / dialect.name).glob("test_*.py"))


@every_dialect
def test_a_dialect_has_a_status_and_words_for_every_error(dialect: Dialect) -> None:
    assert set(dialect.statuses) >= all_codes()
    for error in every_error():
        answer = dialect.answer(error, RequestFactory().get("/"))
        assert 400 <= answer.status_code < 600
        # The contract may have words of its own for what every API refuses.
        assert error.message in json.dumps(answer.data) or (error.code in CONTRACT_WORDS and answer.data)


@every_dialect
def test_every_error_that_a_view_raises_is_said_in_those_words(dialect: Dialect) -> None:
    for error in every_error():
        expect_words(dialect, answer_of(dialect, error), error)


@every_dialect
def test_a_crash_is_said_in_the_dialect_s_words_and_without_its_reason(dialect: Dialect) -> None:
    answer = answer_of(dialect, RuntimeError("swordfish"))
    assert answer.status_code == dialect.statuses["unexpected"] >= 500
    assert b"swordfish" not in answer.content
    assert json.loads(answer.content)


@every_dialect
def test_a_database_that_is_down_is_said_in_the_dialect_s_words(dialect: Dialect) -> None:
    answer = answer_of(dialect, OperationalError("db.internal is down"))
    assert answer.status_code == dialect.statuses["unavailable"]
    assert b"internal" not in answer.content


@every_dialect
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 200 + b"]" * 200])
def test_broken_json_is_said_in_the_dialect_s_words(dialect: Dialect, body: bytes) -> None:
    expect_words(dialect, answer_of(dialect, body=body), MalformedRequest("The body is not JSON", param=None))


@every_dialect
def test_a_body_that_is_too_large_is_said_in_the_dialect_s_words(dialect: Dialect, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    expect_words(dialect, answer_of(dialect, body=b'"' + b"x" * 20 + b'"'), BodyTooLarge("The request is too large."))


@every_dialect
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_an_unknown_path_is_answered_in_the_dialect_s_words(dialect: Dialect, client: Client, method: str) -> None:
    said = dialect.error_body(UnknownPath("There is nothing at this path."), RequestFactory().get("/"))
    assert first_words(dialect)
    for word in first_words(dialect):
        answer = client.generic(method, f"/{word}/no/such/path/anywhere")
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("application/json")
        # Two products that share a path have the members of both.
        assert set(said) <= set(json.loads(answer.content))


@every_dialect
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_every_answer_has_an_id_and_is_no_page(dialect: Dialect, client: Client, method: str) -> None:
    for word in first_words(dialect):
        for path in (f"/{word}", f"/{word}/", f"/{word}/no/such/path/anywhere"):
            answer = client.generic(method, path, b"{", content_type="application/json")
            assert answer.headers["x-request-id"]
            assert "html" not in answer.headers.get("content-type", "")
            assert answer.status_code < 500
