"""Crop.photo's envelope, whatever goes wrong, and the order in which a request is checked."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

import accounts.errors
import processing.errors
import storage.errors
from accounts.models import Account
from jobs import dialects
from jobs.errors import JobError, all_codes
from tests.dialects.cropphoto.calls import CREATE, CROPS, LIST, NO_KEY, STATUS, SUBMIT, call, crop, post, problem

CROPPHOTO = dialects.get("cropphoto")
POSTS = [SUBMIT, STATUS, *(f"/v1/crop/{name}" for name in CROPS)]
GETS = [LIST, "/v1/recipe/job/poll/x", "/v1/recipe/job/result/x"]
NOWHERE = [
    *("/v1/recipe", "/v1/recipe/", "/v1/recipe/list/", "/v1/recipe/job", "/v1/recipe/job/poll", "/v1/crop"),
    *("/v1/crop/no-such-thing", "/v1/crop/lifestyle/", "/v1/banners", "/v1/banners/with-mask", f"{CREATE}/x"),
    *("/v1/recipe/job/poll/a/b", "/v1/crop/%00", "/v1/crop/x%0A"),
]
UNROUTED = "Unable to find matching target resource method"


def every_error() -> dict[str, Any]:
    own: dict[str, Any] = {error.code: error for error in JobError.__subclasses__()}
    return own | accounts.errors.all_codes() | storage.errors.all_codes() | processing.errors.all_codes()


@pytest.mark.parametrize("code", sorted(all_codes()))
def test_every_error_is_said_in_the_envelope(code: str) -> None:
    kind = every_error()[code]
    error = kind(7) if kind is accounts.errors.TooManyRequests else kind("what happened")
    answer = CROPPHOTO.answer(error, RequestFactory().get("/v1/crop/x"))
    assert list(answer.data) == ["status", "type", "title", "detail"]
    assert answer.data["status"] == answer.status_code
    side = "server" if answer.status_code >= 500 else "client"
    assert answer.data["type"].startswith(f"/exception/{side}_error/")
    assert ("Retry-After" in answer.headers) == (answer.status_code in (429, 503))


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "BREW"])
def test_a_path_that_does_not_exist_is_404_also_without_a_key(client: Client, method: str, path: str) -> None:
    answer = call(client, method, path, key=None)
    assert problem(answer, 404, "not_found") == UNROUTED
    assert answer.json()["title"] == UNROUTED


@pytest.mark.parametrize("path", [*POSTS, CREATE])
def test_a_get_of_what_is_posted_is_405_and_told_so(client: Client, path: str) -> None:
    answer = call(client, "GET", path, key=None)
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", GETS)
def test_a_post_of_what_is_read_is_405(client: Client, path: str) -> None:
    problem(post(client, path, {}, key=None), 405, "method_not_allowed")


@pytest.mark.parametrize("path", [*POSTS, CREATE])
@pytest.mark.parametrize("key", [None, "api_wrong", "", "api_test1234 x", " api_test1234", "\tapi_test1234"])
def test_without_a_good_key_nothing_is_looked_at(account: Account, client: Client, path: str, key: str | None) -> None:
    assert problem(post(client, path, b"not json", key=key), 401, "invalid_api_key") == NO_KEY


@pytest.mark.parametrize(
    "header", ["bearer api_test1234", "Token api_test1234", "Bearer  api_test1234", "api_test1234"]
)
def test_the_scheme_is_spelled_as_it_is_spelled(account: Account, client: Client, header: str) -> None:
    answer = call(client, "GET", LIST, key=None, Authorization=header)
    assert problem(answer, 401, "invalid_api_key") == NO_KEY
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", POSTS)
def test_a_body_of_another_kind_is_415(account: Account, client: Client, path: str) -> None:
    headers = {"Authorization": "Bearer api_test1234"}
    answer = client.post(path, b"a=b", content_type="application/x-www-form-urlencoded", headers=headers)
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"3", b'"a"', b"", b"\xff", b'{"a": NaN}'])
def test_a_body_that_is_no_object_is_refused(account: Account, client: Client, path: str, body: bytes) -> None:
    problem(post(client, path, body), 400, "invalid_payload")


def test_an_empty_balance_is_400_in_their_words(account: Account, client: Client) -> None:
    Account.objects.filter(pk=account.pk).update(credits=0)
    answer = crop(client, "remove-background", {"image_url": "https://example.com/a.jpg"})
    detail = problem(answer, 400, "not_enough_balance")
    assert detail == "Your account does not have sufficient balance to process API requests."


def test_an_unpaid_balance_is_400_in_their_words(account: Account, client: Client) -> None:
    Account.objects.filter(pk=account.pk).update(payment_due=True)
    answer = crop(client, "remove-background", {"image_url": "https://example.com/a.jpg"})
    detail = problem(answer, 400, "overage_payment_failed")
    assert detail == "You have an unpaid balance. Please log in to your account to complete the payment."


def test_fields_are_checked_before_the_balance(account: Account, client: Client) -> None:
    Account.objects.filter(pk=account.pk).update(credits=0)
    assert "image_url" in problem(crop(client, "remove-background", {}), 400, "invalid_payload")


def test_with_no_worker_the_answer_is_503_and_costs_nothing(account: Account, client: Client) -> None:
    Account.objects.filter(pk=account.pk).update(credits=3)
    answer = crop(client, "remove-background", {"image_url": "https://example.com/a.jpg"})
    problem(answer, 503, "service_unavailable")
    assert "Retry-After" in answer.headers
    assert Account.objects.get(pk=account.pk).credits == 3
