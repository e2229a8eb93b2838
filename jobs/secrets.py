"""The secrets of a service: made, brought along, replaced, found."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import BadCredentials
from accounts.keys import hash_secret, is_live, make_secret
from accounts.secrets import check_secret
from accounts.signing import check_signing_secret, make_signing_secret
from jobs.models import Service, ServiceSecret

PREFIX = "svc_"
OVERLAP = timedelta(hours=24)
"""How long a secret stays good after the one that replaces it was made."""


def issue_secret(service: Service, secret: str | None = None) -> str:
    """A new bearer secret, which can never be read again; one of the old service can be brought along.

    The one before it stays good for 24 hours, so that at most two are live. Raises ValidationError where a
    secret that was brought is too short, or is or was one of any service.
    """
    if secret is not None:
        _check_brought(secret)
    secret = secret or make_secret(PREFIX)
    with transaction.atomic():
        _make_room(service, service.secrets.all())
        service.secrets.create(secret_hash=hash_secret(secret), last_four=secret[-4:])
    return secret


def issue_signing_secret(service: Service, secret: str | None = None) -> str:
    """A new `whsec_…` secret for callbacks. The one before it signs for 24 more hours. Raises ValidationError."""
    fault = None if secret is None else check_signing_secret(secret)
    if fault:
        raise ValidationError(f"The callback secret {fault}.")
    secret = secret or make_signing_secret()
    with transaction.atomic():
        _make_room(service, service.signing_secrets.all())
        service.signing_secrets.create(secret=secret, last_four=secret[-4:])
    return secret


def live_secrets(service: Service) -> list[ServiceSecret]:
    """The bearer secrets that are good now, newest first."""
    return list(service.secrets.filter(is_live()))


def live_signing_secrets(service: Service) -> list[str]:
    """What callbacks are signed with now, newest first."""
    return [row.secret for row in service.signing_secrets.filter(is_live())]


def find_service_by_secret(secret: str) -> Service:
    """The service of this live secret, with its account and its storage. Raises BadCredentials."""
    rows = ServiceSecret.objects.filter(is_live(), secret_hash=hash_secret(secret))
    found = rows.select_related("service__account", "service__connection").first()
    if found is None:
        raise BadCredentials("Invalid Secret")
    return found.service


def _check_brought(secret: str) -> None:
    fault = check_secret(secret)
    if fault:
        raise ValidationError(f"A secret {fault}.")
    if ServiceSecret.objects.filter(secret_hash=hash_secret(secret)).exists():
        raise ValidationError("This secret is or was in use already.")


def _make_room(service: Service, rows: QuerySet[Any]) -> None:
    """Leave one live secret, for 24 more hours; any older is revoked."""
    Service.objects.select_for_update().get(pk=service.pk)
    now = timezone.now()
    live = list(rows.filter(is_live(now)))
    rows.filter(pk__in=[row.pk for row in live[1:]]).update(revoked_at=now)
    for row in live[:1]:
        row.expires_at = _sooner(row.expires_at, now + OVERLAP)
        row.save(update_fields=["expires_at"])


def _sooner(first: datetime | None, second: datetime) -> datetime:
    return min(first, second) if first else second
