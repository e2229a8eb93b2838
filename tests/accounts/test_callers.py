"""Who calls: an account by a key or by a person's token, and what either may do."""

import pytest
from django.test import RequestFactory
from django.utils import timezone

from accounts.callers import Caller, find_caller
from accounts.errors import BadCredentials, NotAllowed, TooManyRequests
from accounts.keys import SCOPES, create_key
from accounts.models import Account, ApiKey, Role, User
from accounts.tokens import issue_token, revoke_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Account:
    return Account.objects.create(name="acme")


def make_token(account: Account | None, role: str = Role.OWNER, **facts: bool) -> str:
    user = User.objects.create_user(f"{role}@acme.example", "right", account=account, role=role, **facts)
    return issue_token(user, address=None, agent="")


def make_key(account: Account, *scopes: str, secret: str | None = None) -> str:
    return create_key(account, name=f"key {ApiKey.objects.count()}", scopes=list(scopes), secret=secret)[1]


def call(secret: str, scheme: str = "Bearer") -> Caller:
    return find_caller(RequestFactory().get("/", headers={"authorization": f"{scheme} {secret}"}))


def allowed(caller: Caller) -> set[str]:
    return {scope for scope in SCOPES if is_allowed(caller, scope)}


def is_allowed(caller: Caller, *scopes: str) -> bool:
    try:
        caller.require(*scopes)
    except NotAllowed:
        return False
    return True


def test_a_key_calls_for_its_account(acme: Account) -> None:
    caller = call(make_key(acme, "storage"))
    assert (caller.account, caller.user) == (acme, None)
    assert caller.key == ApiKey.objects.get()
    assert caller.key.last_used_at is None
    assert ApiKey.objects.get().last_used_at is not None


def test_a_token_calls_for_its_users_account_wherever_a_key_does(acme: Account) -> None:
    caller = call(make_token(acme))
    assert (caller.account, caller.key) == (acme, None)
    assert caller.user == User.objects.get()


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.OWNER, set(SCOPES)),
        (Role.EDITOR, {"image_editing", "read_only"}),
        (Role.VIEWER, {"read_only"}),
    ],
)
def test_a_token_has_the_scopes_of_its_users_role(acme: Account, role: str, scopes: set[str]) -> None:
    assert allowed(call(make_token(acme, role))) == scopes


@pytest.mark.parametrize(
    ("scopes", "reached"),
    [
        ((), set()),
        (("read_only",), {"read_only"}),
        (("image_editing",), {"image_editing"}),
        (("storage",), {"storage"}),
        (("image_editing", "storage"), {"image_editing", "storage"}),
        (("admin",), set(SCOPES)),
    ],
)
def test_a_key_has_its_own_scopes_and_admin_is_all_of_them(
    acme: Account, scopes: tuple[str, ...], reached: set[str]
) -> None:
    assert allowed(call(make_key(acme, *scopes))) == reached


def test_one_of_several_scopes_is_enough(acme: Account) -> None:
    caller = call(make_key(acme, "storage"))
    assert is_allowed(caller, "storage", "read_only")
    assert not is_allowed(caller, "image_editing", "read_only")


def test_a_refusal_names_what_is_missing(acme: Account) -> None:
    with pytest.raises(NotAllowed, match="the scope image_editing or read_only"):
        call(make_key(acme, "storage")).require("image_editing", "read_only")


def test_a_scope_that_nobody_knows_opens_nothing(acme: Account) -> None:
    key = make_key(acme, "storage")
    ApiKey.objects.update(scopes=["root", "storage"])
    assert call(key).scopes == {"storage"}


@pytest.mark.parametrize(
    "secret", ["", "nobody", "api_nobody", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "é" * 40, "." * 9000]
)
def test_what_is_neither_a_key_nor_a_token_is_refused(acme: Account, secret: str) -> None:
    with pytest.raises(BadCredentials):
        call(secret)


@pytest.mark.parametrize("scheme", ["Basic", "Token", "JWT", ""])
def test_only_bearers_are_read(acme: Account, scheme: str) -> None:
    with pytest.raises(BadCredentials):
        call(make_key(acme, "admin"), scheme)


def test_the_scheme_is_read_in_any_case(acme: Account) -> None:
    assert call(make_key(acme, "admin"), "bEARER").account == acme


def test_a_key_that_looks_like_a_token_is_a_key_all_the_same(acme: Account) -> None:
    assert call(make_key(acme, "storage", secret="eyJ0eXAi.eyJzdWIi.c2lnbmVk")).key is not None


def test_a_revoked_key_and_an_ended_token_are_refused_with_the_next_request(acme: Account) -> None:
    key, token = make_key(acme, "admin"), make_token(acme)
    call(key), call(token)
    ApiKey.objects.update(revoked_at=timezone.now())
    revoke_all(User.objects.get())
    for secret in (key, token):
        with pytest.raises(BadCredentials):
            call(secret)


def test_a_role_that_was_taken_away_is_gone_with_the_next_request(acme: Account) -> None:
    token = make_token(acme, Role.OWNER)
    user = User.objects.get()
    user.role = Role.VIEWER
    user.save()
    with pytest.raises(BadCredentials):
        call(token)


def test_an_operator_has_no_account_to_call_for() -> None:
    with pytest.raises(BadCredentials):
        call(make_token(None, is_staff=True))


@pytest.mark.parametrize("kind", ["key", "token"])
def test_calls_are_counted_for_the_account_whoever_makes_them(acme: Account, kind: str) -> None:
    acme.requests_per_minute = 2
    acme.save()
    secret = make_key(acme, "admin") if kind == "key" else make_token(acme)
    call(secret), call(secret)
    with pytest.raises(TooManyRequests):
        call(secret)


def test_a_caller_is_named_without_its_secret(acme: Account) -> None:
    secret = make_key(acme, "admin")
    assert call(secret).name == f"API key key 0 (…{secret[-4:]})"
    assert call(make_token(acme)).name == "owner@acme.example"
