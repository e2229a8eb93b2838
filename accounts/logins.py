"""Logging in with an e-mail address and a password, from the API and from the admin alike."""

from hashlib import sha256

from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts.addresses import find_client_address
from accounts.audit import record
from accounts.errors import BadCredentials
from accounts.limits import refund, spend
from accounts.models import Account, User

TRIES = 10
TRIES_PER_ADDRESS = 100
STRETCH_SECONDS = 15 * 60
WRONG = "Wrong e-mail address or password."


def log_in(request: HttpRequest, email: str, password: str) -> User:
    """The user of these credentials, logged in over an API. Raises as `check_credentials` does."""
    user = check_credentials(request, email, password)
    record("login", account=user.account, actor=user.email, request=request, way="API")
    return user


def check_credentials(request: HttpRequest, email: str, password: str) -> User:
    """The user of these credentials.

    Raises BadCredentials, with the same words and after the same work for an unknown address, a wrong password and
    somebody without one; and TooManyRequests before a password is looked at, when an address or a caller has failed
    too often. A try is counted before the password is looked at, so that many at once get no more of them, and
    given back where the password was right.
    """
    # No database takes NUL.
    name = email.replace("\0", "\ufffd").strip().lower()
    address = f"login:address:{find_client_address(request)}"
    counters = {f"login:user:{digest_name(name)}": TRIES, address: TRIES_PER_ADDRESS}
    for counter, limit in counters.items():
        spend(counter, limit, STRETCH_SECONDS)
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User):
        # Owners see who tries the doors of their account's people. Asked for every name, known or not.
        account = Account.objects.filter(users__email=name).first()
        record("login_failed", account=account, actor=name, request=request)
        raise BadCredentials(WRONG)
    for counter in counters:
        refund(counter, STRETCH_SECONDS)
    return user


def digest_name(name: str) -> str:
    """A person's part of a counter's name. Databases compare in capitals, in which a dotless i is an I: so do we."""
    return sha256(name.upper().lower().encode()).hexdigest()
