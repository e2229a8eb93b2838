"""Whatever goes wrong under Cropedly's paths is said in Spring Boot's words."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, RequestFactory

import accounts.errors
import processing.errors
import storage.errors
from accounts.models import Account, User
from jobs import dialects
from jobs.dialects.cropedly.errors import PASSING_FAULTS, PICTURE_FAULTS, fault_of
from jobs.errors import JobError, PublicError, UnknownPath, all_codes
from jobs.models import Item, Job, Node
from tests.dialects.cropedly.calls import (
    ENHANCE,
    IMAGES,
    LOGIN,
    MEMBERS,
    PNG,
    SHOP,
    UPLOAD,
    call,
    enhance,
    file,
    log_in,
    message,
    send_form,
    token_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

CROPEDLY = dialects.get("cropedly")
ONE = f"{IMAGES}/some-id"
METHODS = {
    LOGIN: {"POST", "OPTIONS"},
    ENHANCE: {"POST", "OPTIONS"},
    UPLOAD: {"POST", "OPTIONS"},
    IMAGES: {"GET", "HEAD", "DELETE", "OPTIONS"},
    ONE: {"GET", "HEAD", "OPTIONS"},
}
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")
OTHER_METHODS = [(path, method) for path, taken in METHODS.items() for method in EVERY_METHOD if method not in taken]
NOWHERE = [
    *("/auth", "/auth/", "/auth/v1", "/auth/v1/", "/auth/v1/logout", "/auth/v1/login/x", "/auth/v2/login", "/images"),
    *("/images/", "/images/v1/x", "/images/v2", "/images/v1/enterprise-resources", f"{IMAGES}/a/b", f"{UPLOAD}/x"),
    *("/images//v1", "/images/v1//", f"{IMAGES}//", "/images/v1%0A", "/images/%00", f"{IMAGES}/{'x' * 65}"),
]
MUST_SAY = {
    "malformed_request": 400,
    "broken_image": 400,
    "bad_credentials": 401,
    "plan_too_low": 403,
    "bad_origin": 403,
    "unknown_image": 404,
    "unknown_path": 404,
    "wrong_method": 405,
    "file_too_large": 413,
    "body_too_large": 413,
    "wrong_media_type": 415,
    "too_many_requests": 429,
    "unexpected": 500,
    "unavailable": 503,
}


def every_error() -> dict[str, type[PublicError]]:
    """The class of every public error by its code."""
    own: dict[str, type[PublicError]] = {error.code: error for error in JobError.__subclasses__()}
    return own | accounts.errors.all_codes() | storage.errors.all_codes() | processing.errors.all_codes()


def make(kind: Any) -> PublicError:
    return kind(7) if kind is accounts.errors.TooManyRequests else kind("what happened")  # type: ignore[no-any-return]


# --- The table -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(all_codes()))
def test_every_error_is_said_in_springs_words(code: str) -> None:
    error = make(every_error()[code])
    answer = CROPEDLY.answer(error, RequestFactory().get("/images/v1?x=1"))
    assert answer.status_code in (400, 401, 403, 404, 405, 413, 415, 429, 500, 503)
    assert list(answer.data) == MEMBERS
    assert answer.data["status"] == answer.status_code
    assert (answer.data["message"], answer.data["path"]) == (error.message, "/images/v1")


@pytest.mark.parametrize("code", sorted(all_codes()))
def test_what_is_worth_another_try_says_when(code: str) -> None:
    answer = CROPEDLY.answer(make(every_error()[code]), RequestFactory().get("/"))
    assert (answer.status_code in (429, 503)) == ("Retry-After" in answer.headers)


def test_the_table_names_every_error_and_no_other() -> None:
    assert set(CROPEDLY.statuses) == all_codes()


@pytest.mark.parametrize(("code", "status"), MUST_SAY.items())
def test_the_statuses_are_those_of_the_contract(code: str, status: int) -> None:
    assert CROPEDLY.statuses[code] == status


def test_a_time_is_written_as_spring_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2025, 1, 1, tzinfo=UTC))
    answer = CROPEDLY.answer(UnknownPath("what happened"), RequestFactory().get("/"))
    assert answer.data["timestamp"] == "2025-01-01T00:00:00.000+00:00"


@pytest.mark.parametrize("code", sorted({*all_codes(), "cancelled", "something else"}))
def test_the_reason_of_a_failed_item_blames_the_picture_only_where_it_is_to_blame(code: str) -> None:
    error = fault_of(Item(name="a.jpg", error_code=code, error_message="what happened"))
    status = CROPEDLY.statuses[error.code]
    expected = 400 if code in PICTURE_FAULTS else 503 if code in PASSING_FAULTS else 500
    assert status == expected
    assert ("what happened" in error.message) == (status == 400)


def test_the_reasons_of_failed_items_are_codes_that_there_are() -> None:
    assert all_codes() | {"cancelled"} >= PICTURE_FAULTS | PASSING_FAULTS


# --- Paths and methods ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "BREW"])
def test_a_path_that_does_not_exist_is_404_whatever_the_method(client: Client, method: str, path: str) -> None:
    answer = call(client, method, path)
    assert message(answer, 404) == "There is nothing at this path."
    assert "allow" not in answer.headers


@pytest.mark.parametrize(("path", "method"), OTHER_METHODS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_another_method_is_405_and_told_which_there_are(
    client: Client, people: dict[str, User], path: str, method: str, slash: str
) -> None:
    answer = call(client, method, path + slash, user=people["ent"])
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == METHODS[path]
    if method != "HEAD":
        message(answer, 405, path + slash)


@pytest.mark.parametrize(("method", "path"), [("POST", ENHANCE), ("POST", UPLOAD), ("GET", IMAGES), ("GET", ONE)])
def test_a_path_with_a_slash_is_served_and_never_redirected(
    client: Client, people: dict[str, User], method: str, path: str
) -> None:
    with_slash, without = (call(client, method, each, user=people["ent"]) for each in (f"{path}/", path))
    assert with_slash.status_code == without.status_code in (200, 400, 404)
    assert "location" not in with_slash.headers


def test_a_request_that_asks_for_pages_gets_json_all_the_same(client: Client, people: dict[str, User]) -> None:
    headers, token = {"Accept": "text/html"}, people["ent"]
    assert call(client, "GET", IMAGES, user=token, headers=headers).headers["content-type"] == "application/json"
    message(call(client, "GET", f"{IMAGES}?format=html", headers=headers), 401)


def test_every_answer_has_the_id_of_its_request_and_is_kept_by_nobody(client: Client, people: dict[str, User]) -> None:
    for answer in (
        log_in(client, "pro@example.com"),
        call(client, "GET", IMAGES, user=people["ent"], headers={"X-Request-Id": "mine-1"}),
        call(client, "GET", IMAGES),
        call(client, "GET", "/images/v1/nowhere"),
        call(client, "OPTIONS", ENHANCE, headers={"Origin": SHOP}),
    ):
        assert answer.headers["x-request-id"]
        assert answer.headers["cache-control"] == "no-store"


# --- Rate ----------------------------------------------------------------------------------------------------------


def test_one_request_over_the_limit_is_429_and_told_when_to_come_back(client: Client, people: dict[str, User]) -> None:
    Account.objects.filter(name="ent").update(requests_per_minute=3)
    assert [call(client, "GET", IMAGES, user=people["ent"]).status_code for _ in range(3)] == [200] * 3
    answer = call(client, "GET", IMAGES, user=people["ent"])
    message(answer, 429, IMAGES)
    assert answer.headers["retry-after"] == "31"
    assert call(client, "GET", IMAGES, user=people["rival"]).status_code == 200


def test_a_preflight_takes_nothing_from_the_limit(client: Client, people: dict[str, User]) -> None:
    Account.objects.filter(name="ent").update(requests_per_minute=1)
    for _ in range(3):
        assert call(client, "OPTIONS", IMAGES, headers={"Origin": SHOP}).status_code == 200
    assert call(client, "GET", IMAGES, user=people["ent"]).status_code == 200


# --- Faults of ours ------------------------------------------------------------------------------------------------


def failing(error: Exception, where: str) -> Callable[..., Any]:
    """A database that fails on statements with this word in them."""

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if where in sql:
            raise error
        return run(sql, *rest)

    return execute


def call_all(client: Client, token: str, headers: dict[str, str]) -> dict[str, Any]:
    """What each operation answers."""
    return {
        "login": log_in(client, "ent@example.com", headers=headers),
        "enhance": enhance(client, token, PNG, headers=headers),
        "upload": send_form(client, UPLOAD, {"images": file(PNG)}, user=token, headers=headers),
        "list": call(client, "GET", IMAGES, user=token, headers=headers),
        "one": call(client, "GET", ONE, user=token, headers=headers),
        "delete": call(client, "DELETE", f"{IMAGES}?ids=a", user=token, headers=headers),
    }


FAULTS = ["accounts_requestwindow", "accounts_session", "accounts_user", "jobs_node", "storage_referenceimage"]


@pytest.mark.parametrize("where", FAULTS)
@pytest.mark.parametrize("headers", [{}, {"Origin": SHOP}])
def test_a_crash_is_500_and_says_nothing_of_itself(
    client: Client, people: dict[str, User], caplog: Any, where: str, headers: dict[str, str]
) -> None:
    token = token_of(people["ent"])
    crash = RuntimeError("the password of the database is swordfish")
    with connection.execute_wrapper(failing(crash, where)), caplog.at_level(logging.ERROR):
        answers = call_all(client, token, headers)
    crashed = [answer for answer in answers.values() if answer.status_code == 500]
    assert crashed
    for answer in crashed:
        assert message(answer, 500) == "The server failed on this request."
    assert "swordfish" in caplog.text


@pytest.mark.parametrize("error", [OperationalError("host db.internal is down"), InterfaceError("closed")])
@pytest.mark.parametrize("headers", [{}, {"Origin": SHOP}, {"Origin": "https://evil.example"}])
def test_a_database_that_is_down_is_503_and_worth_another_try(
    client: Client, people: dict[str, User], error: Exception, headers: dict[str, str]
) -> None:
    token = token_of(people["ent"])
    with connection.execute_wrapper(failing(error, "")):
        answers = call_all(client, token, headers)
        answers["preflight"] = call(client, "OPTIONS", ENHANCE, headers={"Origin": SHOP})
        if headers:
            answers["nowhere"] = call(client, "GET", "/images/v1/nowhere", headers=headers)
    for answer in answers.values():
        assert "internal" not in message(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        assert "access-control-allow-origin" not in answer.headers


def test_after_a_crash_the_next_request_is_served(client: Client, people: dict[str, User]) -> None:
    with connection.execute_wrapper(failing(RuntimeError("crash"), "accounts_user")):
        assert log_in(client, "pro@example.com").status_code == 500
    assert log_in(client, "pro@example.com").status_code == 200
    assert (Job.objects.count(), Node.objects.count()) == (0, 0)
    assert json.loads(call(client, "GET", IMAGES, user=people["ent"]).content) == []
