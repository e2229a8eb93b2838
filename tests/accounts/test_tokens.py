"""Tokens: what they carry, how long they are good, and everything that is not one."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from accounts import tokens
from accounts.errors import BadCredentials
from accounts.models import Account, Session, User

pytestmark = pytest.mark.django_db

KEY = "for-tests-only-0123456789-abcdefghijklmnop"
OTHER_KEY = "another-key-of-more-than-thirty-two-bytes"


@pytest.fixture
def ada() -> User:
    account = Account.objects.create(name="ada", plan="pro")
    return User.objects.create_user("ada@example.com", "right", account=account, name="Ada Example")


def issue(user: User) -> str:
    return tokens.issue_token(user, address="127.0.0.1", agent="tests")


def claims_of(user: User, **changes: Any) -> dict[str, Any]:
    """The claims of a good token of the user, with some changed; None takes one away."""
    claims = {**jwt.decode(issue(user), KEY, ["HS256"], audience="photomill"), **changes}
    return {name: value for name, value in claims.items() if value is not None}


def sign(claims: dict[str, Any], *, key: str = KEY, algorithm: str = "HS256", headers: Any = None) -> str:
    return jwt.encode(claims, key, algorithm, headers=headers)


def join(header: Any, payload: Any, signature: bytes = b"") -> str:
    """A token put together by hand."""
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def test_a_token_carries_the_contracts_claims_and_lives_for_exactly_three_days(ada: User) -> None:
    text = issue(ada)
    claims = jwt.decode(text, KEY, ["HS256"], audience="photomill")
    assert jwt.get_unverified_header(text) == {"alg": "HS256", "typ": "JWT"}
    assert set(claims) == {"sub", "name", "authorities", "iat", "exp", "jti", "ver", "aud"}
    assert (claims["sub"], claims["name"]) == ("ada@example.com", "Ada Example")
    assert claims["authorities"] == ["ROLE_USER", "ROLE_PRO"]
    assert claims["exp"] - claims["iat"] == 259_200
    assert tokens.read_token(text) == ada


@pytest.mark.parametrize(
    ("plan", "roles"),
    [("free", ["ROLE_USER"]), ("enterprise", ["ROLE_USER", "ROLE_PRO", "ROLE_ENTERPRISE"])],
)
def test_authorities_follow_the_plan(ada: User, plan: str, roles: list[str]) -> None:
    ada.account.plan = plan
    assert tokens.list_authorities(ada) == roles


ATTACKS: dict[str, Callable[[User], str]] = {
    "nothing": lambda _: "",
    "not a token": lambda _: "abc",
    "three dots": lambda _: "...",
    "none": lambda ada: join({"alg": "none", "typ": "JWT"}, claims_of(ada)),
    "None": lambda ada: join({"alg": "None"}, claims_of(ada)),
    "nOnE": lambda ada: join({"alg": "nOnE"}, claims_of(ada)),
    "no algorithm": lambda ada: join({}, claims_of(ada)),
    "HS512 with the right key": lambda ada: sign(claims_of(ada), algorithm="HS512"),
    "another key": lambda ada: sign(claims_of(ada), key=OTHER_KEY),
    "an empty key": lambda ada: join({"alg": "HS256"}, claims_of(ada), b"\0" * 32),
    "a key of its own": lambda ada: sign(
        claims_of(ada),
        key=OTHER_KEY,
        headers={"jwk": {"kty": "oct", "k": base64.b64encode(OTHER_KEY.encode()).decode()}},
    ),
    "a key elsewhere": lambda ada: sign(claims_of(ada), key=OTHER_KEY, headers={"jku": "http://127.0.0.1/keys"}),
    "a key file": lambda ada: sign(claims_of(ada), key=OTHER_KEY, headers={"kid": "../../../dev/null"}),
    "a key query": lambda ada: sign(claims_of(ada), key=OTHER_KEY, headers={"kid": "x' UNION SELECT 'key"}),
    "another algorithm in the head": lambda ada: join({"alg": "RS256", "typ": "JWT"}, claims_of(ada), b"x" * 256),
    "no signature": lambda ada: issue(ada).rpartition(".")[0] + ".",
    "no algorithm and no signature": lambda ada: join({"alg": "none"}, claims_of(ada)).rpartition(".")[0] + ".",
    "a critical extension": lambda ada: sign(claims_of(ada), headers={"crit": ["exp2"], "exp2": 1}),
    "a payload that is not encoded": lambda ada: sign(claims_of(ada), headers={"b64": False, "crit": ["b64"]}),
    "five parts": lambda ada: f"{issue(ada)}.x.y",
    "a certificate of its own": lambda ada: sign(
        claims_of(ada), key=OTHER_KEY, headers={"x5c": ["MIIB"], "x5u": "http://a"}
    ),
    "jti as a list": lambda ada: join_signed(claims_of(ada, jti=[1])),
    "no exp": lambda ada: sign(claims_of(ada, exp=None)),
    "exp as text": lambda ada: sign(claims_of(ada, exp="tomorrow")),
    "exp of 1e308": lambda ada: sign(claims_of(ada, exp=1e308)),
    "exp as a list": lambda ada: sign(claims_of(ada, exp=[1])),
    "expired": lambda ada: sign(claims_of(ada, exp=int(time.time()) - 1)),
    "not yet": lambda ada: sign(claims_of(ada, nbf=int(time.time()) + 100)),
    "wrong audience": lambda ada: sign(claims_of(ada, aud="another")),
    "no audience": lambda ada: sign(claims_of(ada, aud=None)),
    "no sub": lambda ada: sign(claims_of(ada, sub=None)),
    "sub of another": lambda ada: sign(claims_of(ada, sub="eve@example.com")),
    "no jti": lambda ada: sign(claims_of(ada, jti=None)),
    "jti of no session": lambda ada: sign(claims_of(ada, jti="0" * 32)),
    "jti as a number": lambda ada: join_signed(claims_of(ada, jti=5)),
    "no version": lambda ada: sign(claims_of(ada, ver=None)),
    "another version": lambda ada: sign(claims_of(ada, ver=2)),
    "version as text": lambda ada: sign(claims_of(ada, ver="1")),
    "truncated": lambda ada: issue(ada)[:-3],
    "a character more": lambda ada: issue(ada) + "A",
    "payload exchanged": lambda ada: swap_payload(issue(ada)),
    "very long": lambda _: "a" * 100_000,
    "not ASCII": lambda _: "ä.ö.ü",
    "a list as payload": lambda _: join({"alg": "HS256"}, [1, 2]),
}


def join_signed(claims: dict[str, Any]) -> str:
    """A token whose claims no library would write, signed with the right key."""
    head, body = join({"alg": "HS256", "typ": "JWT"}, claims).rsplit(".", 1)[0].split(".")
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{head}.{body}".encode(), KEY.encode())
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def swap_payload(text: str) -> str:
    head, _, signature = text.split(".")
    body = base64.urlsafe_b64encode(b'{"sub":"eve@example.com"}').decode().rstrip("=")
    return f"{head}.{body}.{signature}"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_no_good_token_is_refused_with_the_same_words(ada: User, attack: str) -> None:
    with pytest.raises(BadCredentials) as refused:
        tokens.read_token(ATTACKS[attack](ada))
    assert refused.value.message == "The token is missing, malformed, expired or revoked."


def test_an_old_key_verifies_until_its_tokens_end_and_a_removed_one_no_longer(ada: User, settings: Any) -> None:
    old = issue(ada)
    settings.PHOTOMILL_JWT_KEYS = [OTHER_KEY, KEY]
    new = issue(ada)
    assert tokens.read_token(old) == tokens.read_token(new) == ada
    settings.PHOTOMILL_JWT_KEYS = [OTHER_KEY]
    assert tokens.read_token(new) == ada
    with pytest.raises(BadCredentials):
        tokens.read_token(old)


REVOCATIONS: dict[str, Callable[[User], Any]] = {
    "logging out everywhere": tokens.revoke_all,
    "deactivation": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "another password": lambda user: (user.set_password("another"), user.save()),
    "another role": lambda user: (setattr(user, "role", "editor"), user.save()),
    "a revoked session": lambda user: Session.objects.update(revoked_at=datetime.now(UTC)),
    "an expired session": lambda user: Session.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1)),
    "another address": lambda user: User.objects.filter(pk=user.pk).update(email="ada@new.example"),
    "deletion": lambda user: user.delete(),
}


@pytest.mark.parametrize("how", REVOCATIONS)
def test_a_token_is_refused_at_once_after(ada: User, how: str) -> None:
    text = issue(ada)
    REVOCATIONS[how](ada)
    with pytest.raises(BadCredentials):
        tokens.read_token(text)
