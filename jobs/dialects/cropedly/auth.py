"""Who calls: a person, by a token, from a server or from a page on a registered host."""

from django.http import HttpRequest

from accounts.callers import bearer_token
from accounts.errors import BadCredentials, BadOrigin, NotAllowed, PlanTooLow
from accounts.limits import spend_request
from accounts.models import Account, Plan, Role, User
from accounts.plans import find_chosen, find_limits
from accounts.tokens import read_token
from jobs.dialects.cropedly.origins import is_registered

MEGA = 1_000_000
LARGEST_FILE_BYTES = {Plan.FREE: 2 * MEGA, Plan.PRO: 25 * MEGA, Plan.ENTERPRISE: 25 * MEGA}
"""Cropedly's own, where neither the account nor PHOTOMILL_PLAN_LIMITS says otherwise."""


def authenticate(request: HttpRequest) -> User:
    """The user of the request's token, with the request counted. Raises BadCredentials or TooManyRequests."""
    token = bearer_token(request)
    if not token:
        raise BadCredentials("A token is required.")
    user = read_token(token)
    if user.account is None:
        raise BadCredentials("The token is missing, malformed, expired or revoked.")
    spend_request(user.account)
    return user


def find_largest_file(account: Account) -> int:
    """How many bytes a file of this account may have."""
    chosen = find_chosen(account, "max_source_bytes") or LARGEST_FILE_BYTES[Plan(account.plan)]
    return min(chosen, find_limits(account).max_source_bytes)


def check_plan(request: HttpRequest, user: User, *, enterprise_only: bool) -> Account:
    """The caller's account, whose plan includes the call. A call with an origin is a browser's.

    The plan is the database's, not the token's: a downgrade bites at once. Raises PlanTooLow or BadOrigin.
    """
    account = user.account
    assert account is not None
    origin = request.headers.get("origin")
    if account.plan != Plan.ENTERPRISE and (enterprise_only or origin is not None):
        raise PlanTooLow("Enterprise plan required")
    if account.plan == Plan.FREE:
        raise PlanTooLow("Pro plan required")
    if origin is not None and not is_registered(origin, account):
        raise BadOrigin("This origin is not registered")
    if user.role == Role.VIEWER and request.method not in ("GET", "HEAD"):
        raise NotAllowed("Your role may only look")
    return account
