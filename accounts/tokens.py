"""The tokens that people get when they log in: JSON Web Tokens that live for three days and can still be revoked.

A token carries the five claims that Cropedly's clients know (sub, name, authorities, iat, exp), and three of our own:
`jti` names its session, `ver` the version of its user's tokens, `aud` what it is for.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken, TokenError
from rest_framework_simplejwt.tokens import Token

from accounts.errors import BadCredentials
from accounts.models import Plan, Session, User

ALGORITHM = "HS256"
AUDIENCE = "photomill"
LIFETIME = timedelta(days=3)
LONGEST_TOKEN = 4096
SHORTEST_KEY_BYTES = 32


class _Keys:
    """Signs with the first key, and reads with each: a token outlives the rotation of the key that signed it."""

    def __init__(self) -> None:
        keys = settings.PHOTOMILL_JWT_KEYS
        self._backends = [TokenBackend(ALGORITHM, signing_key=key, audience=AUDIENCE) for key in keys]

    def get_leeway(self) -> timedelta:
        return timedelta(0)

    def encode(self, payload: dict[str, Any]) -> str:
        return self._backends[0].encode(payload)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        for backend in self._backends:
            try:
                return backend.decode(token, verify=verify)
            except TokenBackendExpiredToken:
                raise
            except TokenBackendError:
                continue
        raise TokenBackendError("signed with none of our keys")


class SessionToken(Token):
    """A token of a session."""

    token_type = "access"  # noqa: S105
    lifetime = LIFETIME

    def get_token_backend(self) -> Any:
        return _Keys()


def issue_token(user: User, *, address: str | None, agent: str) -> str:
    """A new token, and the session that it belongs to."""
    token = SessionToken()
    # The kind of token is no claim of the contract's: there is only one.
    token.payload = {name: token.payload[name] for name in ("iat", "exp", "jti")}
    token.payload |= {
        "sub": user.email,
        "name": user.name,
        "authorities": list_authorities(user),
        "ver": user.token_version,
    }
    Session.objects.create(
        user=user,
        token_id=token["jti"],
        address=address,
        agent=agent[:200],
        expires_at=datetime.fromtimestamp(token["exp"], UTC),
    )
    return str(token)


def read_token(text: str) -> User:
    """The user of a token that is good now, with the account. Raises BadCredentials, always with the same words."""
    payload = _decode(text)
    email, token_id, version = payload.get("sub"), payload.get("jti"), payload.get("ver")
    if not isinstance(email, str) or not isinstance(token_id, str) or not isinstance(version, int):
        raise _bad_token()
    session = (
        Session.objects.filter(token_id=token_id, revoked_at=None, expires_at__gt=Now())
        .select_related("user__account")
        .first()
    )
    user = session.user if session else None
    if user is None or not user.is_active or user.email != email or user.token_version != version:
        raise _bad_token()
    return user


def revoke_all(user: User) -> None:
    """End every session of a user, at once."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    Session.objects.filter(user=user, revoked_at=None).update(revoked_at=Now())


def list_authorities(user: User) -> list[str]:
    """What Cropedly's clients are told that a user may do, after the account's plan."""
    plan = user.account.plan if user.account else Plan.FREE
    roles = {Plan.PRO: ["ROLE_PRO"], Plan.ENTERPRISE: ["ROLE_PRO", "ROLE_ENTERPRISE"]}
    return ["ROLE_USER", *roles.get(Plan(plan), [])]


def _decode(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_TOKEN:
        raise _bad_token()
    try:
        return SessionToken(text).payload  # type: ignore[arg-type]
    except (TokenError, ValueError, TypeError, OverflowError, json.JSONDecodeError):
        # A claim of the wrong type, such as an `exp` of 1e308, is no better than a bad signature.
        raise _bad_token() from None


def _bad_token() -> BadCredentials:
    return BadCredentials("The token is missing, malformed, expired or revoked.")
