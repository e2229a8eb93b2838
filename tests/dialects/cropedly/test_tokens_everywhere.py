"""Every operation but the login asks for a token, and looks at whose it is now and not when it was given out."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.keys import create_key
from accounts.models import Account, Role, Session, User
from accounts.tokens import revoke_all
from storage.models import ReferenceImage
from tests.dialects.cropedly.calls import ENHANCE, IMAGES, PNG, UPLOAD, call, file, message, send_form, token_of, upload

pytestmark = pytest.mark.django_db

OPERATIONS = {
    "enhance": ("POST", ENHANCE),
    "upload": ("POST", UPLOAD),
    "list": ("GET", IMAGES),
    "one": ("GET", f"{IMAGES}/some-id"),
    "delete": ("DELETE", f"{IMAGES}?ids=some-id"),
}
WRITES = {"enhance", "upload", "delete"}
every_operation = pytest.mark.parametrize("name", OPERATIONS)


def ask(client: Client, name: str, token: str | None, **options: Any) -> HttpResponse:
    """One operation, with a picture where it takes one."""
    method, path = OPERATIONS[name]
    if method == "POST":
        return send_form(client, path, {"images": file(PNG)}, user=token, **options)
    return call(client, method, path, user=token, **options)


def expect_in(client: Client, name: str, token: str) -> None:
    """The token is good. Without a worker nothing is enhanced, and there is no such image."""
    expected = {"enhance": 503, "upload": 204, "list": 200, "one": 404, "delete": 204}
    assert ask(client, name, token).status_code == expected[name]


@every_operation
@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", "Basic cHJvQGV4YW1wbGUuY29tOnB3", "Token {}", "{}", "Bearer {} {}", "Bearer {}x"),
        *("Bearer x", "Bearer null", "Bearer " + "x" * 20_000, "Bearer \xff"),
    ],
)
def test_anything_but_a_good_token_is_401(client: Client, people: dict[str, User], name: str, header: str) -> None:
    token = token_of(people["ent"])
    answer = ask(client, name, None, headers={"Authorization": header.format(token, token)})
    message(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert ReferenceImage.objects.count() == 0


@every_operation
def test_the_scheme_may_be_in_any_case(client: Client, people: dict[str, User], name: str) -> None:
    headers = {"Authorization": f"bEARER {token_of(people['ent'])}"}
    assert ask(client, name, None, headers=headers).status_code != 401


def test_a_key_of_the_account_is_no_token(client: Client, people: dict[str, User]) -> None:
    _, secret = create_key(people["ent"].account, name="k", scopes=["storage"])
    message(ask(client, "list", secret), 401)


REVOCATIONS: dict[str, Callable[[User], Any]] = {
    "logging out everywhere": revoke_all,
    "deactivation": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "another password": lambda user: (user.set_password("another"), user.save()),
    "another role": lambda user: (setattr(user, "role", Role.OWNER), user.save()),
    "a session's end": lambda user: Session.objects.update(revoked_at=datetime.now(UTC)),
    "leaving the account": lambda user: (setattr(user, "account", None), user.save()),
    "deletion": lambda user: User.objects.filter(pk=user.pk).delete(),
    "the account's deletion": lambda user: Account.objects.filter(pk=user.account_id).delete(),
}


@every_operation
@pytest.mark.parametrize("how", REVOCATIONS)
def test_a_token_is_refused_with_the_next_request_after(
    client: Client, people: dict[str, User], name: str, how: str
) -> None:
    token = token_of(people["ent"])
    expect_in(client, name, token)
    REVOCATIONS[how](people["ent"])
    message(ask(client, name, token), 401)
    assert ask(client, name, token_of(people["rival"])).status_code != 401


def test_somebody_without_an_account_has_nothing_to_see(client: Client, people: dict[str, User]) -> None:
    operator = User.objects.create_user("operator@example.com", "pw", is_staff=True)
    message(ask(client, "list", token_of(operator)), 401)


@every_operation
@pytest.mark.parametrize("role", Role.values)
def test_a_viewer_may_look_and_nothing_else(client: Client, people: dict[str, User], name: str, role: str) -> None:
    User.objects.filter(email="ent@example.com").update(role=role)
    token = token_of(people["ent"])
    if role == Role.VIEWER and name in WRITES:
        assert message(ask(client, name, token), 403) == "Your role may only look"
    else:
        expect_in(client, name, token)


def test_a_viewer_deletes_nothing(client: Client, people: dict[str, User]) -> None:
    upload(client, people["ent"], PNG)
    kept = ReferenceImage.objects.get()
    User.objects.filter(email="ent@example.com").update(role=Role.VIEWER)
    answer = call(client, "DELETE", f"{IMAGES}?ids={kept.public_id}", user=people["ent"])
    message(answer, 403, IMAGES)
    assert ReferenceImage.objects.count() == 1
