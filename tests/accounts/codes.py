"""Codes as an authenticator app shows them."""

import time
from base64 import b32decode

from django_otp.oath import hotp

from accounts.models import Authenticator, User
from accounts.second_factor import finish_setup, start_setup

AT = 1_800_000_000.0
"""Any moment: the start of a half minute."""


def code_at(authenticator: Authenticator, at: float = AT) -> str:
    return f"{hotp(b32decode(authenticator.secret), int(at) // 30):06}"


def code_now(user: User, *, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return code_at(Authenticator.objects.get(user=user), time.time() + 30 * steps)


def set_up(user: User, at: float = AT) -> Authenticator:
    """The second step, taken into use at that moment."""
    started = start_setup(user)
    finish_setup(started, code_at(started, at), at=at)
    return started
