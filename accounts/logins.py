"""Logging in with an e-mail address and a password, from the API and from the admin alike."""

from hashlib import sha256

from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts.addresses import find_client_address
from accounts.audit import record
from accounts.errors import BadCredentials
from accounts.limits import refund, spend
from accounts.models import User

TRIES = 10
TRIES_PER_ADDRESS = 100
STRETCH_SECONDS = 15 * 60
WRONG = "Wrong e-mail address or password."


def log_in(request: HttpRequest, email: str, password: str) -> User:
    """The user of these credentials.

    Raises BadCredentials, with the same words and after the same work for an unknown address, a wrong password and
    somebody without one; and TooManyRequests before a password is looked at, when an address or a caller has failed
    too often. A try is counted before the password is looked at, so that many at once get no more of them, and
    given back where the password was right.
    """
    # No database takes NUL.
    name = email.replace("\0", "\ufffd").strip().lower()
    counters = {_name_counter(name): TRIES, f"login:address:{find_client_address(request)}": TRIES_PER_ADDRESS}
    for counter, limit in counters.items():
        spend(counter, limit, STRETCH_SECONDS)
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User):
        record("login_failed", actor=name, request=request)
        raise BadCredentials(WRONG)
    for counter in counters:
        refund(counter, STRETCH_SECONDS)
    record("login", account=user.account, actor=user.email, request=request)
    return user


def _name_counter(name: str) -> str:
    """The counter of a person's tries. Databases compare in capitals, in which a dotless i is an I: so do we."""
    return f"login:user:{sha256(name.upper().lower().encode()).hexdigest()}"
