"""Who calls an API: an account, by one of its keys or by the token of somebody in it."""

from dataclasses import dataclass

from django.http import HttpRequest

from accounts.errors import BadCredentials, NotAllowed, TooManyRequests
from accounts.keys import SCOPES, find_key
from accounts.limits import Quota, spend_request
from accounts.models import Account, ApiKey, Role, User
from accounts.tokens import read_token

SCOPES_OF_ROLES = {
    Role.OWNER: frozenset(SCOPES),
    Role.EDITOR: frozenset({"image_editing", "read_only"}),
    Role.VIEWER: frozenset({"read_only"}),
}
TOKEN_DOTS = 2
QUOTA = "photomill.quota"


@dataclass(frozen=True)
class Caller:
    """An account that calls. By a token: `user` is who it is; by a key: `key` is which."""

    account: Account
    user: User | None
    key: ApiKey | None
    scopes: frozenset[str]

    def require(self, *scopes: str) -> None:
        """Refuse whoever has none of these scopes; `admin` includes them all. Raises NotAllowed."""
        if not self.scopes & {*scopes, "admin"}:
            raise NotAllowed(f"These credentials have no access to this: it needs the scope {' or '.join(scopes)}.")

    @property
    def name(self) -> str:
        """Who it is, as the audit log says it."""
        return self.user.email if self.user else f"API key {self.key}"


def find_caller(request: HttpRequest, *, is_counted: bool = True) -> Caller:
    """Who sends this request, by its `Authorization: Bearer …`, with the request counted where it is to be.

    What is left then stands in the request for the answer's headers: `find_quota`. Raises BadCredentials or
    TooManyRequests.
    """
    secret = bearer_token(request)
    if not secret:
        raise BadCredentials("An API key or a token is required.")
    caller = _identify(secret)
    if is_counted:
        _count(request, caller)
    return caller


def find_quota(request: HttpRequest) -> Quota | None:
    """What the request's caller has left, where the request was counted and anything limits them."""
    found: Quota | None = request.META.get(QUOTA)
    return found


def _count(request: HttpRequest, caller: Caller) -> None:
    try:
        request.META[QUOTA] = spend_request(caller.account, key=caller.key)
    except TooManyRequests as error:
        request.META[QUOTA] = error.quota
        raise


def bearer_token(request: HttpRequest) -> str:
    """What an `Authorization: Bearer …` header carries, or nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _identify(secret: str) -> Caller:
    try:
        # Keys first: one that was brought along from another service may look like anything, a token too.
        key = find_key(secret)
    except BadCredentials:
        if secret.count(".") != TOKEN_DOTS:
            raise
        return _identify_user(secret)
    return Caller(key.account, user=None, key=key, scopes=frozenset(key.scopes) & frozenset(SCOPES))


def _identify_user(token: str) -> Caller:
    user = read_token(token)
    if user.account is None:
        # An operator has no account to act for.
        raise BadCredentials("The token is missing, malformed, expired or revoked.")
    return Caller(user.account, user=user, key=None, scopes=SCOPES_OF_ROLES[Role(user.role)])
