"""Secrets that act for an account or a service: made, hashed, found. Nothing else sees them in the clear."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.errors import BadCredentials
from accounts.models import Account, ApiKey

PREFIX = "api_"
SCOPES = ("image_editing", "storage", "admin", "read_only")
NOTED_EVERY = timedelta(minutes=1)
"""How often at most the use of a key is written down: a key may come with a thousand requests a minute."""


def make_secret(prefix: str = PREFIX) -> str:
    """A new secret of 256 random bits."""
    return f"{prefix}{secrets.token_urlsafe(32)}"


def hash_secret(secret: str) -> str:
    """What is kept of a secret. It holds 256 random bits, so a plain hash cannot be searched backwards."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_live(now: datetime | None = None) -> Q:
    """Rows whose secret is neither expired nor revoked."""
    now = now or timezone.now()
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def create_key(
    account: Account, *, name: str, scopes: list[str], secret: str | None = None, **facts: Any
) -> tuple[ApiKey, str]:
    """A new key and its secret, which can never be read again. A secret of another service can be brought along.

    facts: other columns of the key, as `expires_at`.
    """
    secret = secret or make_secret()
    key = ApiKey.objects.create(
        account=account, name=name, scopes=scopes, secret_hash=hash_secret(secret), last_four=secret[-4:], **facts
    )
    return key, secret


def find_key(secret: str) -> ApiKey:
    """The live key of this secret, its use noted. Raises BadCredentials."""
    found = ApiKey.objects.filter(is_live(), secret_hash=hash_secret(secret)).select_related("account").first()
    if found is None:
        raise BadCredentials("unknown, expired or revoked API key")
    _note_use(found)
    return found


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at <= now - NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=Now())
