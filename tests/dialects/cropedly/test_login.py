"""Logging in: a token for an e-mail address and a password, and little patience with guessing."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.client import encode_multipart

from accounts.limits import spend
from accounts.logins import STRETCH_SECONDS, TRIES, TRIES_PER_ADDRESS
from accounts.models import AuditEntry, Session, User
from accounts.tokens import revoke_all
from tests.dialects.cropedly.calls import ENHANCE, LOGIN, PASSWORD, Clock, call, log_in, message, send_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

KEY = "for-tests-only-0123456789-abcdefghijklmnop"
WRONG = "Wrong e-mail address or password."
BOUNDARY = "gate"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is worked on."""

    lock = threading.Lock()
    calls = 0

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with self.lock:
            CountingHasher.calls += 1
        return super().encode(*args, **kwargs)


@pytest.fixture
def hasher(settings: Any) -> type[CountingHasher]:
    settings.PASSWORD_HASHERS = [f"{__name__}.{CountingHasher.__name__}"]
    CountingHasher.calls = 0
    return CountingHasher


def claims_of(answer: HttpResponse) -> dict[str, Any]:
    """The claims of the one token that an answer carries."""
    assert answer.status_code == 200, answer.content
    body = json.loads(answer.content)
    assert list(body) == ["token"]
    assert jwt.get_unverified_header(body["token"]) == {"alg": "HS256", "typ": "JWT"}
    return jwt.decode(body["token"], KEY, ["HS256"], audience="photomill")


def send_urlencoded(client: Client, form: dict[str, str], *, kind: str = URLENCODED) -> HttpResponse:
    return call(client, "POST", LOGIN, data=urlencode(form).encode(), content_type=kind)


# --- Who gets a token ----------------------------------------------------------------------------------------------


def test_the_right_password_gets_a_token_of_three_days(client: Client, people: dict[str, User]) -> None:
    claims = claims_of(log_in(client, "pro@example.com"))
    assert claims["sub"] == "pro@example.com"
    assert claims["name"] == people["pro"].name
    assert claims["authorities"] == ["ROLE_USER", "ROLE_PRO"]
    assert claims["exp"] - claims["iat"] == 259_200
    assert abs(claims["iat"] - datetime.now(UTC).timestamp()) < 60


@pytest.mark.parametrize(
    ("name", "roles"),
    [("free", ["ROLE_USER"]), ("ent", ["ROLE_USER", "ROLE_PRO", "ROLE_ENTERPRISE"])],
)
def test_every_plan_may_log_in_and_is_told_what_it_has(
    client: Client, people: dict[str, User], name: str, roles: list[str]
) -> None:
    assert claims_of(log_in(client, f"{name}@example.com"))["authorities"] == roles


@pytest.mark.parametrize("email", ["PRO@Example.com", "  pro@example.com "])
def test_an_address_is_the_same_in_any_case(client: Client, people: dict[str, User], email: str) -> None:
    assert claims_of(log_in(client, email))["sub"] == "pro@example.com"


def test_a_form_may_be_urlencoded(client: Client, people: dict[str, User]) -> None:
    claims_of(send_urlencoded(client, {"email": "pro@example.com", "password": PASSWORD}))


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "hex", "unicode_escape", "no-such-charset"])
def test_a_form_is_read_as_utf_8_whatever_it_says(client: Client, people: dict[str, User], charset: str) -> None:
    form = {"email": "pro@example.com", "password": PASSWORD}
    claims_of(send_urlencoded(client, form, kind=f"{URLENCODED}; charset={charset}"))
    body = encode_multipart(BOUNDARY, form)
    claims_of(call(client, "POST", LOGIN, data=body, content_type=f"{MULTIPART}; charset={charset}"))


def test_a_login_leaves_a_session_and_an_entry_in_the_log(client: Client, people: dict[str, User]) -> None:
    log_in(client, "pro@example.com", headers={"User-Agent": "shop/1.0"})
    session = Session.objects.get()
    assert (session.user, session.address, session.agent) == (people["pro"], "127.0.0.1", "shop/1.0")
    log_in(client, "pro@example.com", "secret-guess")
    newest, first = AuditEntry.objects.all()
    assert (first.action, first.actor, first.account) == ("login", "pro@example.com", people["pro"].account)
    assert (newest.action, newest.actor) == ("login_failed", "pro@example.com")
    assert "secret-guess" not in str([vars(newest), vars(first)])


def test_two_tokens_are_good_at_once_and_end_together(client: Client, people: dict[str, User]) -> None:
    tokens = [json.loads(log_in(client, "pro@example.com").content)["token"] for _ in range(2)]
    assert len(set(tokens)) == 2
    assert [call(client, "POST", ENHANCE, user=token).status_code for token in tokens] == [400, 400]
    revoke_all(people["pro"])
    assert [call(client, "POST", ENHANCE, user=token).status_code for token in tokens] == [401, 401]


# --- Who does not --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        *({}, {"email": "pro@example.com"}, {"password": PASSWORD}, {"email": "", "password": PASSWORD}),
        *({"email": "pro@example.com", "password": ""}, {"email": "  ", "password": PASSWORD}),
        *({"email": "pro@example.com", "password": " \t"}, {"Email": "pro@example.com", "Password": PASSWORD}),
    ],
)
@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
def test_a_missing_or_blank_field_is_400_and_named(
    client: Client, people: dict[str, User], form: dict[str, str], kind: str
) -> None:
    answer = send_form(client, LOGIN, form) if kind == "multipart" else send_urlencoded(client, form)
    missing = "password" if form.get("email", "").strip() else "email"
    assert message(answer, 400, LOGIN) == f"Required parameter '{missing}' is not present."


def test_a_request_without_a_body_lacks_the_address(client: Client) -> None:
    assert "'email'" in message(client.generic("POST", LOGIN), 400)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        *(("pro@example.com", "no"), ("nobody@example.com", PASSWORD), ("goog@example.com", "x")),
        *(("goog@example.com", "!"), ("pro@example.com", "PW"), ("pro@example.com", " pw"), ("pro", PASSWORD)),
        *(("pro@example.com\0", PASSWORD), ("\0", "x"), ("x" * 5000, "x"), ("pro@example.com", "x" * 100_000)),
        ("pro@example.com' OR 1=1 --", PASSWORD),
    ],
)
def test_wrong_credentials_are_401_with_the_same_words(
    client: Client, people: dict[str, User], email: str, password: str
) -> None:
    answer = log_in(client, email, password)
    assert message(answer, 401, LOGIN) == WRONG
    assert answer.headers["www-authenticate"] == "Bearer"
    assert Session.objects.count() == 0


def test_somebody_who_was_deactivated_is_unknown(client: Client, people: dict[str, User]) -> None:
    User.objects.filter(email="pro@example.com").update(is_active=False)
    assert message(log_in(client, "pro@example.com"), 401) == WRONG


@pytest.mark.parametrize("email", ["pro@example.com", "nobody@example.com", "goog@example.com"])
def test_an_unknown_address_costs_as_much_work_as_a_wrong_password(
    client: Client, people: dict[str, User], hasher: type[CountingHasher], email: str
) -> None:
    hasher.calls = 0
    assert log_in(client, email, "wrong").status_code == 401
    assert hasher.calls == 1


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/mixed", "image/jpeg"])
def test_anything_but_a_form_is_415(client: Client, people: dict[str, User], kind: str) -> None:
    body = json.dumps({"email": "pro@example.com", "password": PASSWORD}).encode()
    assert kind in message(call(client, "POST", LOGIN, data=body, content_type=kind), 415, LOGIN)


def test_a_file_is_no_part_of_a_login_and_is_not_read(client: Client, people: dict[str, User]) -> None:
    form = {"email": "pro@example.com", "password": PASSWORD, "photo": SimpleUploadedFile("a.jpg", b"x" * 100_000)}
    message(send_form(client, LOGIN, form), 400)


def test_other_fields_are_ignored_and_named(client: Client, people: dict[str, User]) -> None:
    form = {"email": "pro@example.com", "password": PASSWORD, "remember": "1", "captcha": "x"}
    assert send_form(client, LOGIN, form).headers["x-photomill-ignored"] == "captcha, remember"


def test_a_body_that_is_too_large_is_413(client: Client, people: dict[str, User], settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    message(log_in(client, "pro@example.com", "x" * 2000), 413)


# --- Guessing ------------------------------------------------------------------------------------------------------


def test_the_eleventh_wrong_password_is_429_and_told_when_to_come_back(client: Client, people: dict[str, User]) -> None:
    for _ in range(TRIES):
        assert log_in(client, "pro@example.com", "wrong").status_code == 401
    for password in ("wrong", PASSWORD):
        answer = log_in(client, "pro@example.com", password)
        message(answer, 429, LOGIN)
        assert answer.headers["retry-after"] == str(STRETCH_SECONDS - 29)
    assert log_in(client, "ent@example.com").status_code == 200


@pytest.mark.parametrize("spelling", ["PRO@EXAMPLE.COM", " pro@example.com", "pro@example.com\t"])
def test_another_spelling_of_an_address_has_no_tries_of_its_own(
    client: Client, people: dict[str, User], spelling: str
) -> None:
    for _ in range(TRIES):
        log_in(client, "pro@example.com", "wrong")
    assert log_in(client, spelling, "wrong").status_code == 429


@pytest.mark.parametrize("spelling", ["gıta@example.com", "GITA@EXAMPLE.COM", "gita@example.com"])
def test_letters_with_one_capital_share_their_tries(client: Client, people: dict[str, User], spelling: str) -> None:
    for _ in range(TRIES):
        log_in(client, "gita@example.com", "wrong")
    assert log_in(client, spelling, "wrong").status_code == 429


def test_right_passwords_use_no_tries_up(client: Client, people: dict[str, User]) -> None:
    for _ in range(TRIES * 2):
        assert log_in(client, "pro@example.com").status_code == 200
    assert log_in(client, "pro@example.com", "wrong").status_code == 401


def test_one_caller_who_tries_many_addresses_is_stopped_and_others_are_not(
    client: Client, people: dict[str, User]
) -> None:
    for _ in range(TRIES_PER_ADDRESS - 1):
        spend("login:address:203.0.113.7", TRIES_PER_ADDRESS, STRETCH_SECONDS)
    assert log_in(client, "nobody@example.com", REMOTE_ADDR="203.0.113.7").status_code == 401
    assert log_in(client, "pro@example.com", REMOTE_ADDR="203.0.113.7").status_code == 429
    assert log_in(client, "pro@example.com", REMOTE_ADDR="203.0.113.8").status_code == 200


def test_the_tries_are_back_after_a_while(client: Client, people: dict[str, User], clock: Clock) -> None:
    for _ in range(TRIES):
        log_in(client, "pro@example.com", "wrong")
    assert log_in(client, "pro@example.com").status_code == 429
    clock.now += 2 * STRETCH_SECONDS
    assert log_in(client, "pro@example.com").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_a_thousand_wrong_passwords_at_once_ten_are_looked_at(
    people: dict[str, User], hasher: type[CountingHasher]
) -> None:
    hasher.calls = 0

    def guess(number: int) -> list[int]:
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        try:
            return [log_in(client, "pro@example.com", f"{number}-{turn}").status_code for turn in range(20)]
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        statuses = [status for some in pool.map(guess, range(50)) for status in some]
    assert len(statuses) == 1000
    assert hasher.calls == statuses.count(401) == TRIES
    assert statuses.count(429) == 1000 - TRIES
