"""Webhooks of accounts: which of them hear of a job, with which secret, and how their messages are signed."""

import hashlib
import hmac
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from accounts.secrets import check_secret
from accounts.signing import check_signing_secret, make_signing_secret, sign
from jobs.models import AccountWebhook, Delivery, Job
from jobs.models.deliveries import DeliveryState
from jobs.models.jobs import JobState
from jobs.models.webhooks import Event

SIGNATURE = "X-Claid-Hmac-SHA256"


def find_webhooks(job: Job) -> list[AccountWebhook]:
    """The webhooks of its account that what became of a job is for."""
    hooks = AccountWebhook.objects.filter(account=job.account_id, is_enabled=True)
    event = find_event(job)
    return [hook for hook in hooks if event in hook.events]


def find_event(job: Job) -> Event:
    """What became of a finished job: it went well only where everything did."""
    went_well = job.state == JobState.FINISHED and not job.items_failed and not job.message
    return Event.FINISHED if went_well else Event.FAILED


def is_dropped(delivery: Delivery) -> bool:
    """Whether a delivery is for a webhook that is turned off."""
    hook = delivery.account_webhook
    return hook is not None and not hook.is_enabled


def delete_webhook(hook: AccountWebhook) -> None:
    """Remove a webhook. What it has not been told yet is not sent; what was sent stays on record."""
    with transaction.atomic():
        hook.deliveries.filter(state=DeliveryState.PENDING).update(state=DeliveryState.FAILED, ended_at=Now())
        hook.delete()


def sign_message(hook: AccountWebhook, message_id: str, *, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of a message: those of Standard Webhooks, and the product's own over the body as it is sent.

    Standard Webhooks has secrets of its own form; with another one its headers name and date the message alone.
    """
    secret: Any = hook.secret
    if not secret:
        return sign(message_id, body=body, at=at, secrets=[])
    standard = [] if check_signing_secret(secret) else [secret]
    own = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {**sign(message_id, body=body, at=at, secrets=standard), SIGNATURE: own}


def issue_secret(hook: AccountWebhook, secret: str | None = None) -> str:
    """A new secret, which can never be read again; one that the receiver has already can be brought along.

    Raises ValidationError.
    """
    fault = None if secret is None else check_secret(secret)
    if fault:
        raise ValidationError(f"A secret {fault}.")
    secret = secret or make_signing_secret()
    hook.secret, hook.last_four = secret, secret[-4:]
    hook.save(update_fields=["secret", "last_four"])
    return secret
