"""The people who run the server, and the link by which the first of them gets in: no user comes with Photomill."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.errors import BadCredentials
from accounts.keys import hash_secret
from accounts.models import SetupLink, User

LINK_SECONDS = 24 * 3600
SECRET_BYTES = 32


def has_operator() -> bool:
    """Whether anybody runs this server, may they log in at present or not."""
    return User.objects.filter(account=None, is_staff=True).exists()


def make_setup_link() -> str | None:
    """A link at which the first operator makes themselves known: for a day, once, and the only one that is good.

    None where there is an operator. It begins with PHOTOMILL_PUBLIC_URL.
    """
    if has_operator():
        return None
    secret = secrets.token_urlsafe(SECRET_BYTES)
    expires_at = timezone.now() + timedelta(seconds=LINK_SECONDS)
    with transaction.atomic():
        SetupLink.objects.all().delete()
        SetupLink.objects.create(secret_hash=hash_secret(secret), expires_at=expires_at)
    return f"{settings.PHOTOMILL_PUBLIC_URL}{reverse('setup-link', args=[secret])}"


def is_good(secret: str) -> bool:
    """Whether an operator can be made with this link's secret."""
    links = SetupLink.objects.filter(secret_hash=hash_secret(secret), expires_at__gt=timezone.now())
    return links.exists() and not has_operator()


def use_setup_link(secret: str, *, email: str, password: str) -> User:
    """The first operator. Of two who use the link at once one gets BadCredentials, as does whoever comes later."""
    with transaction.atomic():
        found = SetupLink.objects.filter(secret_hash=hash_secret(secret), expires_at__gt=timezone.now())
        # Whoever deletes the row has the link; another waits here and finds it gone.
        if not found.delete()[0] or has_operator():
            raise BadCredentials("This link is not good, or no longer.")
        return User.objects.create_superuser(email, password)
