"""Whatever goes wrong under SlashedCloud's paths is said in SlashedCloud's words."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, RequestFactory

import accounts.errors
import processing.errors
import storage.errors
from jobs import dialects
from jobs.errors import JobError, PublicError, all_codes
from tests.dialects.slashed.calls import JSON, call, create, get, message, post, request_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

SLASHED = dialects.get("slashed")
PROCESS = "/request/krLSWSF0gp6tpWPk3Okrl"
METHODS = {
    "/request": {"GET", "HEAD", "POST", "PUT"},
    "/retry": {"POST"},
    "/request/retry": {"POST"},
    PROCESS: {"GET", "HEAD"},
    PROCESS.replace("/request", "/process"): {"GET", "HEAD"},
    PROCESS.replace("/request", "/status"): {"GET", "HEAD"},
}
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
OTHER_METHODS = [(path, method) for path, taken in METHODS.items() for method in EVERY_METHOD if method not in taken]
NOWHERE = [
    *("/request/a/b", "/request/retry/a", "/retry/a", "/retry/a/b/", "/process", "/process/", "/status", "/status/"),
    *("/process/a/b", "/status/a/b/", "/request//", "/request//a", "/retry//", "/request/a%0Ab/c", "/request/%2F/"),
]
MUST_SAY = {
    "bad_credentials": 401,
    "not_allowed": 403,
    "unknown_job": 404,
    "unknown_path": 404,
    "wrong_method": 405,
    "body_too_large": 413,
    "too_many_requests": 429,
    "malformed_request": 400,
    "invalid_parameters": 400,
    "unexpected": 500,
    "unavailable": 503,
}


def every_error() -> dict[str, type[PublicError]]:
    """The class of every public error by its code."""
    own: dict[str, type[PublicError]] = {error.code: error for error in JobError.__subclasses__()}
    return own | accounts.errors.all_codes() | storage.errors.all_codes() | processing.errors.all_codes()


def make(error: type[PublicError]) -> PublicError:
    if error is accounts.errors.TooManyRequests:
        return error(7)
    return error("what happened", param="some.field")  # type: ignore[arg-type]


@pytest.mark.parametrize("code", sorted(all_codes()))
def test_every_error_has_a_status_and_a_message_and_nothing_else(code: str) -> None:
    error = make(every_error()[code])
    answer = SLASHED.answer(error, RequestFactory().get("/request"))
    assert answer.status_code in (400, 401, 403, 404, 405, 413, 415, 429, 500, 503)
    assert answer.data == {"message": error.message}
    assert isinstance(answer.data["message"], str)


def test_the_table_names_every_error_and_no_other() -> None:
    assert set(SLASHED.statuses) == all_codes()


@pytest.mark.parametrize(("code", "status"), MUST_SAY.items())
def test_the_statuses_are_those_of_the_contract(code: str, status: int) -> None:
    assert SLASHED.statuses[code] == status


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_a_path_that_does_not_exist_is_404_whatever_the_method(client: Client, method: str, path: str) -> None:
    answer = call(client, method, path)
    assert message(answer, 404) == "There is nothing at this path."
    assert "allow" not in answer.headers


@pytest.mark.parametrize(("path", "method"), OTHER_METHODS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_another_method_is_405_and_told_which_there_are(client: Client, path: str, method: str, slash: str) -> None:
    answer = call(client, method, path + slash)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == METHODS[path]
    if method != "HEAD":
        message(answer, 405)


@pytest.mark.parametrize(("path", "method"), OTHER_METHODS)
def test_another_method_without_a_secret_is_401(client: Client, path: str, method: str) -> None:
    assert call(client, method, path, token=None).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/request/"), ("PUT", "/request/"), ("POST", "/retry/"), ("GET", f"{PROCESS}/")]
)
def test_a_path_with_a_slash_is_served_and_never_redirected(client: Client, method: str, path: str) -> None:
    answer = call(client, method, path, request_of(process_ids=["x"]))
    assert answer.status_code in (200, 404)
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        *({}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}),
        *({"Authorization": "tokA"}, {"Authorization": "Basic tokA"}, {"Authorization": "Token tokA"}),
        *({"Authorization": "Bearer nope"}, {"Authorization": "Bearer toka"}, {"Authorization": "Bearer tokA x"}),
        *({"Authorization": "Bearer \xff\u20ac"}, {"Authorization": "Bearer " + "x" * 8000}, {"X-Api-Key": "tokA"}),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/request"), ("POST", "/retry"), ("GET", PROCESS)])
def test_anything_but_a_known_secret_is_401(client: Client, method: str, path: str, headers: dict[str, str]) -> None:
    answer = call(client, method, path, {}, token=None, headers=headers)
    assert message(answer, 401) == "Invalid Secret"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_in_any_case(client: Client, scheme: str) -> None:
    answer = post(client, "/request", request_of(), token=None, headers={"Authorization": f"{scheme} tokA"})
    assert answer.status_code == 200


# --- Faults of ours ------------------------------------------------------------------------------------------------


def failing(error: Exception, where: str) -> Callable[..., Any]:
    """A database that fails on statements with this word in them."""

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if where in sql:
            raise error
        return run(sql, *rest)

    return execute


EVERY_OPERATION = [("POST", "/request"), ("POST", "/retry"), ("PUT", "/request"), ("GET", PROCESS)]
BODY = request_of(process_ids=["x"])


@pytest.mark.parametrize(("method", "path"), EVERY_OPERATION)
@pytest.mark.parametrize("where", ["jobs_servicesecret", "jobs_job"])
def test_a_crash_is_500_in_json_and_says_nothing_of_itself(
    client: Client, caplog: pytest.LogCaptureFixture, method: str, path: str, where: str
) -> None:
    crash = RuntimeError("the password of the database is swordfish")
    with connection.execute_wrapper(failing(crash, where)), caplog.at_level(logging.ERROR):
        answer = call(client, method, path, BODY)
    assert message(answer, 500) == "The server failed on this request."
    assert "swordfish" in caplog.text


@pytest.mark.parametrize(("method", "path"), EVERY_OPERATION)
@pytest.mark.parametrize("error", [OperationalError("host db.internal is down"), InterfaceError("closed")])
def test_a_database_that_is_down_is_503_and_worth_another_try(
    client: Client, method: str, path: str, error: Exception
) -> None:
    with connection.execute_wrapper(failing(error, "jobs_")):
        answer = call(client, method, path, BODY)
    said = message(answer, 503)
    assert "internal" not in said
    assert int(answer.headers["retry-after"]) > 0


def test_after_a_crash_the_next_request_is_served(client: Client) -> None:
    with connection.execute_wrapper(failing(RuntimeError("crash"), "jobs_servicesecret")):
        assert post(client, "/request", request_of()).status_code == 500
    create(client)


def test_every_answer_has_the_id_of_its_request(client: Client) -> None:
    for answer in (
        post(client, "/request", request_of()),
        post(client, "/request", b"{"),
        get(client, "/request/a/b"),
        get(client, PROCESS, token=None),
    ):
        assert answer.headers["x-request-id"]
    answer = get(client, PROCESS, headers={"X-Request-Id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"


def test_an_error_says_it_is_json_and_is(client: Client) -> None:
    answer = get(client, "/retry/nowhere", headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == JSON
    assert json.loads(answer.content) == {"message": "There is nothing at this path."}
