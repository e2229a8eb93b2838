"""Links by which people set a password: by mail to whoever asks, or from an operator's terminal.

A link is good for a day and once: it dies with the password, the login or the end of all sessions that comes after it.
"""

import logging

from celery import current_app
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from kombu.exceptions import OperationalError

from accounts.addresses import find_client_address
from accounts.audit import record
from accounts.limits import spend
from accounts.logins import digest_name
from accounts.models import Account, User

log = logging.getLogger(__name__)

STRETCH_SECONDS = 3600
MAILS_PER_PERSON = 5
MAILS_PER_ADDRESS = 30


class _Tokens(PasswordResetTokenGenerator):
    """Signed with what a change of password, a login or an end of all sessions changes."""

    key_salt = "accounts.passwords"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.token_version}{user.is_active}"


reset_tokens = _Tokens()


def make_reset_link(user: User) -> str:
    """A link for this person. It begins with PHOTOMILL_PUBLIC_URL, wherever it is made."""
    name = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{settings.PHOTOMILL_PUBLIC_URL}{reverse('password-set', args=[name, reset_tokens.make_token(user)])}"


def can_send_mail() -> bool:
    """Whether an operator has said how."""
    return bool(settings.PHOTOMILL_EMAIL_URL)


def ask_for_link(request: HttpRequest, email: str) -> bool:
    """Have a link sent to this address, if there is somebody with it. Raises TooManyRequests.

    A worker looks for the person: who asks can tell neither by the answer nor by its time whether there is one. False
    where the broker cannot be reached.
    """
    name = email.strip().lower()
    spend(f"reset:address:{find_client_address(request)}", MAILS_PER_ADDRESS, STRETCH_SECONDS)
    spend(f"reset:user:{digest_name(name)}", MAILS_PER_PERSON, STRETCH_SECONDS)
    account = Account.objects.filter(users__email=name).first()
    record("password_link_asked", account=account, actor=name, request=request)
    try:
        queue = f"{settings.PHOTOMILL_QUEUE_PREFIX}delivery"
        current_app.send_task("send_reset_link", args=[name], queue=queue, retry=False, argsrepr="(…)")
    except (OperationalError, OSError) as error:
        log.warning("the broker cannot be reached: %s", type(error).__name__)
        return False
    return True


def send_reset_link(email: str) -> None:
    """Mail a link to whoever has this address and may log in; also to people who never had a password."""
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        return
    context = {"user": user, "link": make_reset_link(user), "hours": settings.PASSWORD_RESET_TIMEOUT // 3600}
    text = render_to_string("accounts/password_mail.txt", context)
    EmailMessage("Set your Photomill password", text, to=[user.email]).send()
