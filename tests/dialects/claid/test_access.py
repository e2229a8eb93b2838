"""Who may call, how often, and with what left."""

from typing import Any

import pytest
from django.test import Client

from accounts.keys import create_key
from accounts.models import Account, User
from accounts.tokens import issue_token
from jobs.models import Job
from tests.dialects.claid.calls import (
    ASYNC,
    BATCH,
    EDIT,
    KEY,
    READER,
    STORAGE_KEY,
    STORAGES,
    UPLOAD,
    call,
    data_of,
    error_of,
    get,
    post,
)

pytestmark = pytest.mark.django_db

BODY = {"input": "https://shop.example/a.jpg", "operations": {}}
UNAUTHORIZED = {
    "error_code": "111",
    "error_type": "auth",
    "error_message": "Authorization is required.",
    "error_details": {},
}
EDITING = [
    *(("POST", path) for path in (EDIT, ASYNC, BATCH, UPLOAD, "/v1/image/generate", "/v1/scene/create")),
    *(("GET", path) for path in (f"{ASYNC}/1", f"{BATCH}/1", "/v1/image/ai-edit/1", "/v1/video/generate/1")),
]
STORING = [
    *(("GET", path) for path in ("/v1/storage/storage-types", STORAGES, f"{STORAGES}/1")),
    *(("POST", STORAGES), ("PATCH", f"{STORAGES}/1"), ("DELETE", f"{STORAGES}/1")),
]
NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.mark.parametrize(("method", "path"), [*EDITING, *STORING])
@pytest.mark.parametrize("prefix", ["/v1/", "/v1-beta1/"])
def test_nobody_gets_in_without_a_key(client: Client, account: Account, method: str, path: str, prefix: str) -> None:
    answer = call(client, method, path.replace("/v1/", prefix, 1), b"{", key=None)
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer nobody", f"Basic {KEY}", KEY, f"Token {KEY}", "Bearer a.b.c"]
)
def test_what_is_no_key_is_refused_in_the_same_words(client: Client, account: Account, header: str) -> None:
    answer = post(client, ASYNC, BODY, key=None, headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_the_word_before_a_key_is_read_in_any_case(client: Client, account: Account) -> None:
    data_of(post(client, ASYNC, BODY, key=None, headers={"Authorization": f"bearer {KEY}"}))


@pytest.mark.parametrize(("method", "path"), EDITING)
def test_a_key_for_storages_edits_nothing(client: Client, account: Account, method: str, path: str) -> None:
    said = error_of(call(client, method, path, BODY, key=STORAGE_KEY), 403, "auth")
    assert said["error_message"] == "Not enough permissions."


@pytest.mark.parametrize(("method", "path"), STORING)
def test_a_key_that_edits_sees_no_storages(client: Client, account: Account, method: str, path: str) -> None:
    create_key(account, name="edits", secret="key-that-edits", scopes=["image_editing"])
    for key in ("key-that-edits", READER):
        said = error_of(call(client, method, path, b"{", key=key), 403, "auth")
        assert said["error_message"] == "Not enough permissions."


def test_a_key_of_an_admin_does_both(client: Client, account: Account) -> None:
    create_key(account, name="admin", secret="key-of-admin", scopes=["admin"])
    data_of(get(client, STORAGES, key="key-of-admin"))
    data_of(post(client, ASYNC, BODY, key="key-of-admin"))


@pytest.mark.parametrize(("role", "statuses"), [("owner", (200, 200)), ("editor", (200, 403)), ("viewer", (403, 403))])
def test_a_person_s_token_has_the_scopes_of_the_role(
    client: Client, account: Account, role: str, statuses: tuple[int, int]
) -> None:
    user = User.objects.create_user("ada@acme.example", "pw", account=account, role=role)
    token = issue_token(user, address="127.0.0.1", agent="tests")
    answers = post(client, ASYNC, BODY, key=token), get(client, STORAGES, key=token)
    assert tuple(answer.status_code for answer in answers) == statuses


# --- How often -----------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Acme, with two requests a minute, at a time that stands still."""
    monkeypatch.setattr("accounts.limits.time.time", lambda: 60.0 * 30_000_000 + 20)
    account.requests_per_minute = 2
    account.save()
    return account


def told(answer: Any) -> list[str | None]:
    return [answer.get(name) for name in NAMES]


def test_what_is_left_is_said_and_too_much_is_refused_in_both_shapes(client: Client, slow: Account) -> None:
    assert told(post(client, ASYNC, BODY)) == ["2, 2;w=60", "1", "40"]
    assert told(post(client, ASYNC, {})) == ["2, 2;w=60", "0", "40"]
    refused = post(client, ASYNC, BODY)
    said = error_of(refused, 429, "general")
    assert (said["error_code"], said["error_message"]) == ("2001", "Too Many Requests. Rate limit exceeded.")
    assert refused.json() == {"detail": said, **said}
    assert told(refused)[:2] == ["2, 2;w=60", "-1"]
    assert int(refused.headers["retry-after"]) > 0


def test_looking_and_storages_are_not_counted(client: Client, slow: Account) -> None:
    task = data_of(post(client, ASYNC, BODY))
    for _ in range(4):
        for path in (f"{ASYNC}/{task['id']}", STORAGES, f"{STORAGES}/1", "/v1/image/ai-edit/1"):
            answer = get(client, path)
            assert (answer.status_code in (200, 404), told(answer)) == (True, [None] * 3)
    assert told(post(client, ASYNC, BODY))[1] == "0"


def test_a_batch_is_one_request(client: Client, slow: Account) -> None:
    answer = post(client, BATCH, {"input": [BODY["input"]] * 50, "operations": {}})
    assert told(answer)[1] == "1"


def test_too_many_pictures_at_once_are_too_many_requests_with_the_reason(client: Client, account: Account) -> None:
    account.max_items_in_flight = 3
    account.save()
    said = error_of(post(client, BATCH, {"input": [BODY["input"]] * 4, "operations": {}}), 429, "general")
    assert "the account may have 3" in said["error_message"]


# --- Credits -------------------------------------------------------------------------------------------------------


def leave(account: Account, credits: int) -> None:
    Account.objects.filter(pk=account.pk).update(credits=credits)


def left(account: Account) -> int | None:
    return Account.objects.get(pk=account.pk).credits


@pytest.mark.parametrize("path", [ASYNC, BATCH])
def test_without_credits_nothing_is_taken(client: Client, account: Account, path: str) -> None:
    leave(account, 0)
    said = error_of(post(client, path, BODY), 402, "billing")
    assert said["error_message"] == "No API calls left."
    assert not Job.objects.exists()


def test_a_picture_costs_one_credit_and_a_list_one_for_each(client: Client, account: Account) -> None:
    leave(account, 5)
    data_of(post(client, ASYNC, BODY))
    assert left(account) == 4
    data_of(post(client, BATCH, {**BODY, "input": [BODY["input"]] * 3}))
    assert left(account) == 1
    error_of(post(client, BATCH, {**BODY, "input": [BODY["input"]] * 2}), 402, "billing")
    assert left(account) == 1


def test_what_is_refused_costs_nothing(client: Client, account: Account) -> None:
    leave(account, 5)
    for body in ({}, {**BODY, "operations": {"padding": "wide"}}, {**BODY, "output": "storage://none/x/"}, b"{"):
        assert post(client, ASYNC, body).status_code in (400, 422)
    assert left(account) == 5


def test_an_account_that_owes_gets_nothing(client: Client, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(payment_due=True)
    assert "unpaid" in error_of(post(client, ASYNC, BODY), 402, "billing")["error_message"]
